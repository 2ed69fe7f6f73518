/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net/net_protocol.h"
#include "net/tls_policy.h"
#include "net/tls_tickets.h"
#include "obs/metrics.h"

static const char CIPHERS_1_2[] = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
static const char CIPHERS_1_3[] = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256";
static char GROUPS[] = "P-256:P-384:X25519"; /* not const: OpenSSL's macro casts it away */

static bool is_name(const char *name, const unsigned char *given, size_t len)
{
    return name != NULL && strlen(name) == len && memcmp(name, given, len) == 0;
}

static bool names(const struct net_protocol *protocol, const unsigned char *name, size_t len)
{
    return is_name(protocol->alpn, name, len) || is_name(protocol->alpn_too, name, len);
}

/* Take the first of our protocols that the client offers. RFC 7301 §3.2: no common one is fatal. */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *arg)
{
    const struct net_config *server = arg;
    (void)ssl;
    for (size_t p = 0; server->protocols[p] != NULL; p++) {
        for (unsigned i = 0; i < in_len && i + 1 + in[i] <= in_len; i += 1 + in[i]) {
            if (names(server->protocols[p], in + i + 1, in[i])) {
                *out = in + i + 1;
                *out_len = in[i];
                return SSL_TLSEXT_ERR_OK;
            }
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

const struct net_protocol *tls_protocol(const SSL *ssl, const struct net_config *server)
{
    const unsigned char *name = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(ssl, &name, &len);
    for (size_t p = 0; len > 0 && server->protocols[p] != NULL; p++) {
        if (names(server->protocols[p], name, len)) {
            return server->protocols[p];
        }
    }
    return NULL;
}

/* Without a configured CA the certificate only proves possession of a key, and the registered
 * fingerprint says whose it is; so an unknown issuer is fine, but an expired one is not. */
static int verify_by_fingerprint(int ok, X509_STORE_CTX *store)
{
    switch (X509_STORE_CTX_get_error(store)) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
        return 1;
    default:
        return ok;
    }
}

bool tls_policy_set(SSL_CTX *ctx)
{
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, CIPHERS_1_2) == 1 &&
           SSL_CTX_set_ciphersuites(ctx, CIPHERS_1_3) == 1 &&
           SSL_CTX_set1_groups_list(ctx, GROUPS) == 1;
}

static bool set_policy(SSL_CTX *ctx, const struct net_config *server)
{
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(ctx, select_alpn, (void *)(uintptr_t)server);
    /* Tickets lie with the client. OpenSSL would keep 20,480 sessions of whoever connects by TLS 1.2 without them. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(ctx, (long)(server->ticket_ms / 1000));
    return tls_policy_set(ctx) &&
           (server->tickets == NULL || tls_tickets_use(ctx, server->tickets));
}

static rc load_files(SSL_CTX *ctx, const struct net_tls_config *config, struct err *err)
{
    if (SSL_CTX_use_certificate_chain_file(ctx, config->certificate_file) != 1) {
        FAIL(err, R_CONFIG_INVALID, "TLS certificate %s", config->certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, config->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1) {
        FAIL(err, R_CONFIG_INVALID, "TLS key %s", config->key_file);
    }
    if (config->client_ca_file == NULL) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, verify_by_fingerprint);
        return OK;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_file(ctx, config->client_ca_file) != 1) {
        FAIL(err, R_CONFIG_INVALID, "client CA %s", config->client_ca_file);
    }
    SSL_CTX_set_client_CA_list(ctx, SSL_load_client_CA_file(config->client_ca_file));
    return OK;
}

static void tell_expiry(const SSL_CTX *ctx, const struct net_tls_config *config)
{
    const X509 *certificate = SSL_CTX_get0_certificate(ctx);
    struct tm end = {0};
    if (certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1) {
        metric_set(M_CERTIFICATE_EXPIRY, config->certificate_file, NULL,
                   (int64_t)timegm(&end) * 1000000000);
    }
}

static bool add_file(EVP_MD_CTX *hash, const char *path)
{
    char block[4096];
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    bool ok = EVP_DigestUpdate(hash, path == NULL ? "-" : "+", 1) == 1;
    for (size_t n = 1; file != NULL && n > 0;) {
        n = fread(block, 1, sizeof block, file);
        ok = ok && EVP_DigestUpdate(hash, block, n) == 1;
    }
    if (file != NULL) {
        fclose(file);
    }
    return ok;
}

/* A session is resumed only where the same certificate is shown and the same authorities are demanded: a
 * ticket of one listener, or of the time before a reload, must not stand in for the checks of another. */
static bool bind_sessions(SSL_CTX *ctx, const struct net_tls_config *config)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool ok = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
              add_file(hash, config->certificate_file) && add_file(hash, config->client_ca_file) &&
              EVP_DigestFinal_ex(hash, digest, &len) == 1 &&
              SSL_CTX_set_session_id_context(ctx, digest, SSL_MAX_SID_CTX_LENGTH) == 1;
    EVP_MD_CTX_free(hash);
    return ok;
}

rc tls_context_new(const struct net_tls_config *config, const struct net_config *server,
                   SSL_CTX **out, struct err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    ENSURE(ctx != NULL, err, R_STARTUP_FAILED);
    rc result = OK;
    if (!set_policy(ctx, server)) {
        result = err_raise(err, R_STARTUP_FAILED, __FILE__, __LINE__, "TLS policy");
    }
    if (result.ok) {
        result = load_files(ctx, config, err);
    }
    if (result.ok && !bind_sessions(ctx, config)) {
        result = err_raise(err, R_STARTUP_FAILED, __FILE__, __LINE__, "TLS sessions");
    }
    ERR_clear_error();
    if (!result.ok) {
        SSL_CTX_free(ctx);
        return result;
    }
    tell_expiry(ctx, config);
    *out = ctx;
    return OK;
}

bool tls_fingerprint(const SSL *ssl, uint8_t out[NET_FINGERPRINT_BYTES])
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    unsigned len = 0;
    /* A resumed session brings the certificate along, and nobody has looked at its end since. */
    bool ok = certificate != NULL && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0 &&
              X509_digest(certificate, EVP_sha256(), out, &len) == 1 &&
              len == NET_FINGERPRINT_BYTES;
    ERR_clear_error();
    return ok;
}

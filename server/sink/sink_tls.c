/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/sink_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "dns/dns_host.h"
#include "net/tls_policy.h"

static rc load_files(SSL_CTX *ctx, const struct sink_tls_config *c, struct err *err)
{
    bool has_ca = c->ca_file == NULL ? SSL_CTX_set_default_verify_paths(ctx) == 1
                                     : SSL_CTX_load_verify_file(ctx, c->ca_file) == 1;
    if (!has_ca) {
        FAIL(err, R_CONFIG_INVALID, "certificate authorities %s",
             c->ca_file == NULL ? "of the system" : c->ca_file);
    }
    if (c->certificate_file == NULL) {
        return OK;
    }
    if (SSL_CTX_use_certificate_chain_file(ctx, c->certificate_file) != 1) {
        FAIL(err, R_CONFIG_INVALID, "TLS certificate %s", c->certificate_file);
    }
    if (SSL_CTX_use_PrivateKey_file(ctx, c->key_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(ctx) != 1) {
        FAIL(err, R_CONFIG_INVALID, "TLS key %s", c->key_file);
    }
    return OK;
}

rc sink_tls_context(const struct sink_tls_config *config, SSL_CTX **out, struct err *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    ENSURE(ctx != NULL, err, R_STARTUP_FAILED);
    rc result = tls_policy_set(ctx)
                    ? load_files(ctx, config, err)
                    : err_raise(err, R_STARTUP_FAILED, __FILE__, __LINE__, "TLS policy");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    ERR_clear_error();
    if (!result.ok) {
        SSL_CTX_free(ctx);
        return result;
    }
    *out = ctx;
    return OK;
}

/* OpenSSL's macro casts const away. */
static bool name(SSL *ssl, const char *host)
{
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    (void *)(uintptr_t)host) == 1;
}

static bool expect(SSL *ssl, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return dns_is_numeric(host) ? X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1
                                : SSL_set1_host(ssl, host) == 1 && name(ssl, host);
}

SSL *sink_tls_begin(SSL_CTX *ctx, const char *host, int fd)
{
    SSL *ssl = SSL_new(ctx);
    if (ssl == NULL || !expect(ssl, host) || SSL_set_fd(ssl, fd) != 1) {
        ERR_clear_error();
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_connect_state(ssl);
    return ssl;
}

const char *sink_tls_problem(const SSL *ssl)
{
    long verified = SSL_get_verify_result(ssl);
    unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (verified != X509_V_OK) {
        return X509_verify_cert_error_string(verified);
    }
    const char *said = code == 0 ? NULL : ERR_reason_error_string(code);
    return said == NULL ? "the connection ended" : said;
}

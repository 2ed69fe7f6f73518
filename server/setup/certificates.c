/* SPDX-License-Identifier: Apache-2.0 */
/* The files of TLS: what each holds, whether it holds today, and for whom. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "setup/setup.h"

enum { SOON_S = 14 * 24 * 60 * 60, NAME_MAX_BYTES = 256, CHAIN_MAX = 16 };

static FILE *open_file(const char *path, const struct setup_listener *to)
{
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* a pipe would be waited for */
        setup_tell(to, FAULT_FILE_UNREADABLE, "%s is not a regular file", path);
        return NULL;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        setup_tell(to, FAULT_FILE_UNREADABLE, "%s: %s", path, strerror(errno));
    }
    return file;
}

static void time_text(const ASN1_TIME *time, char out[32])
{
    struct tm tm = {0};
    if (ASN1_TIME_to_tm(time, &tm) != 1 || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        snprintf(out, 32, "an unreadable time");
    }
}

static void check_times(const X509 *certificate, const char *path, const struct setup_listener *to)
{
    char subject[NAME_MAX_BYTES], from[32], until[32];
    time_t soon = time(NULL) + SOON_S;
    X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
    time_text(X509_get0_notBefore(certificate), from);
    time_text(X509_get0_notAfter(certificate), until);
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        setup_tell(to, FAULT_CERTIFICATE_NOT_YET_VALID, "%s: %s is valid from %s", path, subject,
                   from);
    } else if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        setup_tell(to, FAULT_CERTIFICATE_EXPIRED, "%s: %s was valid until %s", path, subject,
                   until);
    } else if (X509_cmp_time(X509_get0_notAfter(certificate), &soon) < 0) {
        setup_tell(to, FAULT_CERTIFICATE_EXPIRES_SOON, "%s: %s is valid until %s", path, subject,
                   until);
    }
}

/* The server's own certificate, the first one; those behind it only need to hold. */
static X509 *read_chain(const char *path, const struct setup_listener *to)
{
    FILE *file = open_file(path, to);
    if (file == NULL) {
        return NULL;
    }
    X509 *first = PEM_read_X509(file, NULL, NULL, NULL);
    X509 *next = first;
    for (int i = 0; next != NULL && i < CHAIN_MAX; i++) {
        check_times(next, path, to);
        if (next != first) {
            X509_free(next);
        }
        next = PEM_read_X509(file, NULL, NULL, NULL);
    }
    if (next != first) {
        X509_free(next);
    }
    if (first == NULL) {
        setup_tell(to, FAULT_CERTIFICATE_INVALID, "%s", path);
    }
    fclose(file);
    ERR_clear_error();
    return first;
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *buf, int size, int is_writing, void *ctx)
{
    (void)buf, (void)size, (void)is_writing, (void)ctx;
    return -1;
}

static EVP_PKEY *read_key(const char *path, const struct setup_listener *to)
{
    if (!setup_secret_file(path, to)) {
        return NULL;
    }
    FILE *file = open_file(path, to);
    EVP_PKEY *key = file == NULL ? NULL : PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    if (file != NULL) {
        fclose(file);
    }
    if (key == NULL && file != NULL) {
        setup_tell(to, FAULT_CERTIFICATE_KEY_INVALID, "%s", path);
    }
    ERR_clear_error();
    return key;
}

/* As the server will: OpenSSL's security level refuses what is too weak. */
static bool is_usable(enum setup_side side, const char *certificate_file, const X509 *certificate,
                      EVP_PKEY *key, const struct setup_listener *to)
{
    if (X509_check_private_key(certificate, key) != 1) {
        ERR_clear_error();
        setup_tell(to, FAULT_CERTIFICATE_KEY_MISMATCH, "%s", certificate_file);
        return false;
    }
    int purpose = side == SETUP_SERVER ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT;
    if (X509_check_purpose((X509 *)(uintptr_t)certificate, purpose, 0) != 1) {
        ERR_clear_error();
        setup_tell(
            to, side == SETUP_SERVER ? FAULT_CERTIFICATE_PURPOSE : FAULT_CLIENT_CERTIFICATE_PURPOSE,
            "%s", certificate_file);
        return false;
    }
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    bool ok = ctx != NULL && SSL_CTX_use_certificate_chain_file(ctx, certificate_file) == 1 &&
              SSL_CTX_use_PrivateKey(ctx, key) == 1;
    if (!ok) {
        const char *why = ERR_reason_error_string(ERR_peek_last_error());
        setup_tell(to, FAULT_CERTIFICATE_WEAK, "%s: %s", certificate_file, why == NULL ? "" : why);
    }
    SSL_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}

bool setup_key_pair(enum setup_side side, const char *certificate_file, const char *key_file,
                    const struct setup_listener *to)
{
    X509 *certificate = read_chain(certificate_file, to);
    EVP_PKEY *key = read_key(key_file, to);
    bool ok = certificate != NULL && key != NULL &&
              is_usable(side, certificate_file, certificate, key, to);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok;
}

void setup_ca_file(const char *path, const struct setup_listener *to)
{
    FILE *file = open_file(path, to);
    if (file == NULL) {
        return;
    }
    X509 *certificate = PEM_read_X509_AUX(file, NULL, NULL, NULL);
    if (certificate == NULL) {
        setup_tell(to, FAULT_CA_INVALID, "%s", path);
    } else {
        check_times(certificate, path, to);
    }
    X509_free(certificate);
    fclose(file);
    ERR_clear_error();
}

/* --- its name --------------------------------------------------------------------------------- */

/* "https://[::1]:8443/x" → "::1". */
static bool host_of(const char *url, char out[NAME_MAX_BYTES])
{
    const char *begin = strstr(url, "://");
    begin = begin == NULL ? url : begin + 3;
    bool is_v6 = begin[0] == '[';
    begin += is_v6 ? 1 : 0;
    size_t len = strcspn(begin, is_v6 ? "]" : ":/");
    snprintf(out, NAME_MAX_BYTES, "%.*s", (int)len, begin);
    return len > 0 && len < NAME_MAX_BYTES;
}

/* By its subjectAltNames alone: clients look at nothing else (RFC 9525 §2). */
static bool is_for(const char *path, const char *host)
{
    const unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    FILE *file = fopen(path, "re");
    X509 *certificate = file == NULL ? NULL : PEM_read_X509(file, NULL, NULL, NULL);
    bool ok = certificate != NULL && (X509_check_host(certificate, host, 0, flags, NULL) == 1 ||
                                      X509_check_ip_asc(certificate, host, 0) == 1);
    X509_free(certificate);
    if (file != NULL) {
        fclose(file);
    }
    ERR_clear_error();
    return ok;
}

/* Some listeners are for others than the clients, so one for the clients' name is enough. */
static void check_name(const Conf *conf, const struct setup_listener *to)
{
    char host[NAME_MAX_BYTES];
    const char *first = NULL;
    if (!host_of(conf->authority_url, host)) {
        return;
    }
    for (size_t i = 0; i < conf->n_listeners; i++) {
        const Chancery__Config__V1__Tls *tls = conf->listeners[i]->tls;
        if (tls != NULL && is_for(tls->certificate_file, host)) {
            return;
        }
        first = first == NULL && tls != NULL ? tls->certificate_file : first;
    }
    if (first != NULL) {
        setup_tell(to, FAULT_CERTIFICATE_NAME, "%s is not for %s, the host of authority_url", first,
                   host);
    }
}

void setup_certificates(const Conf *conf, const struct setup_listener *to)
{
    bool all = true;
    for (size_t i = 0; i < conf->n_listeners; i++) {
        const Chancery__Config__V1__Tls *tls = conf->listeners[i]->tls;
        if (tls == NULL) {
            continue;
        }
        all = setup_key_pair(SETUP_SERVER, tls->certificate_file, tls->key_file, to) && all;
        if (tls->client_ca_file[0] != '\0') {
            setup_ca_file(tls->client_ca_file, to);
        }
    }
    if (all) {
        check_name(conf, to);
    }
    if (conf->identity->ca_file[0] != '\0') {
        setup_ca_file(conf->identity->ca_file, to);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_failure.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "obs/log.h"
#include "obs/metrics.h"

struct failure {
    const char *cause;  /* label of the metric: one of few */
    const char *reason; /* OpenSSL's words; NULL: none */
};

/* Whether the peer has sent an alert: OpenSSL adds the alert's number (RFC 8446 §6) to this one. */
static bool is_alert(int reason)
{
    return reason >= SSL_AD_REASON_OFFSET;
}

static const char *cause_of(int reason)
{
    static const struct {
        int reason;
        const char *cause;
    } causes[] = {
        {SSL_R_UNEXPECTED_EOF_WHILE_READING, "closed"},
        {SSL_R_HTTP_REQUEST, "not_tls"},
        {SSL_R_HTTPS_PROXY_REQUEST, "not_tls"},
        {SSL_R_WRONG_VERSION_NUMBER, "not_tls"},
        {SSL_R_UNSUPPORTED_PROTOCOL, "version"},
        {SSL_R_VERSION_TOO_LOW, "version"},
        {SSL_R_INAPPROPRIATE_FALLBACK, "version"},
        {SSL_R_NO_SHARED_CIPHER, "algorithms"},
        {SSL_R_NO_SHARED_GROUPS, "algorithms"},
        {SSL_R_NO_SUITABLE_KEY_SHARE, "algorithms"},
        {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "algorithms"},
        {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, "algorithms"},
        {SSL_R_NO_APPLICATION_PROTOCOL, "no_alpn"},
        {SSL_R_CERTIFICATE_VERIFY_FAILED, "client_certificate"},
    };
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (causes[i].reason == reason) {
            return causes[i].cause;
        }
    }
    return is_alert(reason) ? "refused_by_peer" : "protocol";
}

/* From the error queue, whose first entry is what went wrong; empty: the peer is gone. */
static struct failure from_queue(const SSL *ssl)
{
    unsigned long error = ERR_peek_error();
    if (error == 0 || ERR_SYSTEM_ERROR(error)) {
        return (struct failure){"closed", NULL};
    }
    struct failure failure = {"protocol", ERR_reason_error_string(error)};
    if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
        failure.cause = cause_of(ERR_GET_REASON(error));
    }
    if (strcmp(failure.cause, "client_certificate") == 0) {
        failure.reason = X509_verify_cert_error_string(SSL_get_verify_result(ssl));
    }
    return failure;
}

static struct failure failure_of(const SSL *ssl, const char *outcome)
{
    static const char *const ours[] = {"timeout", "evicted", "no_alpn"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (strcmp(outcome, ours[i]) == 0) {
            return (struct failure){ours[i], NULL};
        }
    }
    return from_queue(ssl);
}

static bool may_log(struct tls_failures *failures, struct mono_time now)
{
    int64_t second = now.ns / 1000000000;
    if (failures->second != second) {
        failures->second = second;
        failures->lines = 0;
    }
    return failures->lines++ < TLS_FAILURES_LOGGED_PER_S;
}

void tls_failures_note(struct tls_failures *failures, const SSL *ssl, const char *outcome,
                       const char *peer, struct mono_time now)
{
    bool is_our_end = strcmp(outcome, "stop") == 0 || strcmp(outcome, "drain") == 0;
    bool has_agreed = SSL_is_init_finished(ssl) && strcmp(outcome, "no_alpn") != 0;
    if (is_our_end || has_agreed) {
        return; /* a client that goes after the handshake, without a word, may have asked for no protocol */
    }
    struct failure failure = failure_of(ssl, outcome);
    metric_add(M_TLS_FAILURES, failure.cause, NULL, 1);
    if (!may_log(failures, now)) {
        failures->unlogged++;
        return;
    }
    log_event(LOG_INFO, "tls.failed", F_USER("peer", peer), F_STR("cause", failure.cause),
              F_STR("reason", failure.reason), F_INT("unlogged", failures->unlogged));
    failures->unlogged = 0;
}

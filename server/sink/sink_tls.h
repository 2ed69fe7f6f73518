/* SPDX-License-Identifier: Apache-2.0 */
/* TLS as a client of a syslog receiver (RFC 5425): the receiver's certificate is checked by authority and name. Inside
 * server/sink. */
#pragma once

#include <openssl/types.h>

#include "base/err.h"

struct sink_tls_config {
    const char *host;    /* for whom its certificate must be: a name or a numeric address */
    const char *ca_file; /* PEM bundle; NULL: the system's */
    const char *certificate_file, *key_file; /* ours; NULL: none */
};

/* R_CONFIG_INVALID, R_STARTUP_FAILED. */
rc sink_tls_context(const struct sink_tls_config *config, SSL_CTX **out, struct err *err);
/* A client's side on a connected socket; NULL: out of memory. */
SSL *sink_tls_begin(SSL_CTX *ctx, const char *host, int fd);
/* Why a handshake or a connection failed, in words of OpenSSL. Empties its queue of errors. */
const char *sink_tls_problem(const SSL *ssl);

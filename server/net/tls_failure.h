/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes that failed: counted by cause, and logged with the peer and OpenSSL's reason, some a second.
 * Inside server/net. */
#pragma once

#include <openssl/types.h>

#include "base/clock.h"

enum { TLS_FAILURES_LOGGED_PER_S = 10 };

/* Of a server: how many lines it has written of late. */
struct tls_failures {
    int64_t second; /* monotonic; that of the lines */
    unsigned lines;
    int64_t unlogged; /* since the last line */
};

/* A connection closes before it speaks. `outcome` is the connection's; with "handshake" the reason is in
 * OpenSSL's error queue still. It is no failure that the server ends, or that the client went when all was
 * agreed on. */
void tls_failures_note(struct tls_failures *failures, const SSL *ssl, const char *outcome,
                       const char *peer, struct mono_time now);

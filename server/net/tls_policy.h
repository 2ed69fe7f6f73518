/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS policy of both sides, all of it explicit: 1.2 and 1.3, forward secrecy and AEAD only (RFC 9325). */
#pragma once

#include <openssl/types.h>

/* False: OpenSSL doesn't have it. */
bool tls_policy_set(SSL_CTX *ctx);

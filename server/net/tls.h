/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS policy, all of it explicit: 1.2 and 1.3, forward secrecy and AEAD only (RFC 9325), and a common
 * protocol by ALPN or no connection. Inside server/net. */
#pragma once

#include <openssl/types.h>

#include "net/net.h"

/* Make the context of a listener. `server` lends its configuration, and must live longer. */
rc tls_context_new(const struct net_tls_config *config, const struct net_config *server,
                   SSL_CTX **out, struct err *err);
/* The protocol that the handshake agreed on; NULL: none. */
const struct net_protocol *tls_protocol(const SSL *ssl, const struct net_config *server);
/* The SHA-256 of the client's certificate; false without one. */
bool tls_fingerprint(const SSL *ssl, uint8_t out[NET_FINGERPRINT_BYTES]);

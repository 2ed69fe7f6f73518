/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of TLS session tickets (RFC 5077, RFC 8446 §4.6.1). They lie in memory that a supervisor shares
 * with its workers, so that a session of one is resumed by any other, and by those that come after a
 * reload; they are written nowhere. A key makes tickets for one period, and reads them for one more.
 *
 * One process rotates, others read meanwhile: a slot is written before it is named, and not read for two
 * periods before it is written again. */
#pragma once

#include <openssl/types.h>

#include "net/net.h"

/* Make and read the context's tickets with these keys. */
bool tls_tickets_use(SSL_CTX *ctx, struct net_tickets *tickets);

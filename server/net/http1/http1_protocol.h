/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 (RFC 9112), and HTTP/1.0 from who speaks only that: for probes, fetchers of keys, and calls
 * that need no trailers. Why it is ours: docs/ARCHITECTURE.md, "The transport". */
#pragma once

#include "net/net_protocol.h"

extern const struct net_protocol HTTP1_PROTOCOL;

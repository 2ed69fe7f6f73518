/* SPDX-License-Identifier: Apache-2.0 */
/* The headers of Connect. Inside server/net/connect.
 * Source: https://connectrpc.com/docs/protocol. */
#pragma once

#include "net/net_framing.h"

/* connect-protocol-version and connect-timeout-ms, which plain HTTP clients leave out.
 * R_PROTOCOL_HEADER_INVALID. */
rc connect_headers_read(struct net_request *request, struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* The headers and trailers that gRPC and gRPC-Web share. Inside server/net/grpc.
 * Source: grpc/grpc doc/PROTOCOL-HTTP2.md. */
#pragma once

#include "net/net_framing.h"

/* How the messages are compressed, and how long the client waits. R_FRAMING_BROKEN. */
rc grpc_headers_read(struct net_request *request, struct net_encoding *out, struct err *err);
/* The head of an answer with messages. */
void grpc_headers_add_head(const struct net_encoding *encoding, bool compressed,
                           struct net_head *out);
/* Which compressions of requests are understood. */
void grpc_headers_add_accepted(struct net_head *out);
/* grpc-status, grpc-message, grpc-status-details-bin, and the trailers. Over the arena's budget without
 * grpc-message and grpc-status-details-bin. */
void grpc_headers_add_status(struct arena *arena, const struct net_status *status,
                             struct net_head *out);

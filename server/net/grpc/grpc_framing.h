/* SPDX-License-Identifier: Apache-2.0 */
/* gRPC: each message behind a flag byte and a big-endian length, compressed on its own; the status in
 * trailers, or in the only head when no message was sent ("trailers-only").
 * Source: grpc/grpc doc/PROTOCOL-HTTP2.md. */
#pragma once

#include "net/net_framing.h"

extern const struct net_framing GRPC_FRAMING;

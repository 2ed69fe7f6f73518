/* SPDX-License-Identifier: Apache-2.0 */
/* gRPC-Web: gRPC's messages over any HTTP, with the trailers as a last message of the body, always; and the
 * same in base64 for browsers that read text only.
 * Source: grpc/grpc doc/PROTOCOL-WEB.md. */
#pragma once

#include "net/net_framing.h"

extern const struct net_framing GRPC_WEB_FRAMING;
extern const struct net_framing GRPC_WEB_TEXT_FRAMING;

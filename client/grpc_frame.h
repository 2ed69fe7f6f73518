/* SPDX-License-Identifier: Apache-2.0 */
/* One message as gRPC sends it (grpc/grpc doc/PROTOCOL-HTTP2.md): 0 for uncompressed, the length
 * (4 bytes, big-endian), the message. */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

rc grpc_frame(struct arena *arena, const ProtobufCMessage *request, struct slice *out,
              struct err *err);
/* Lends the message. We don't announce compression, so no other frame comes: R_PROTO_MALFORMED. */
rc grpc_unframe(struct slice body, struct slice *out, struct err *err);

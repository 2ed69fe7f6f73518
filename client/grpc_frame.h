/* SPDX-License-Identifier: Apache-2.0 */
/* One message as gRPC sends it (grpc/grpc doc/PROTOCOL-HTTP2.md): 0 for uncompressed, the length
 * (4 bytes, big-endian), the message. */
#pragma once

#include "base/arena.h"

rc grpc_frame_write(struct arena *arena, struct slice message, struct slice *out, struct err *err);
enum grpc_look { GRPC_LATER, GRPC_WHOLE, GRPC_BROKEN };
/* The first message of several, of at most `max` bytes, as far as they have come. Lends it. */
enum grpc_look grpc_frame_look(struct slice body, size_t max, struct slice *message);
/* Lends the message. We don't announce compression, so no other frame comes: R_PROTO_MALFORMED. */
rc grpc_frame_read(struct slice body, struct slice *out, struct err *err);

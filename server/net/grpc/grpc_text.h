/* SPDX-License-Identifier: Apache-2.0 */
/* The text forms of gRPC's headers. Pure.
 * Source: grpc/grpc doc/PROTOCOL-HTTP2.md. */
#pragma once

#include "base/arena.h"

/* grpc-timeout (1 to 8 digits and a unit) in ms, at least 1; −1 when malformed. */
int64_t grpc_timeout_parse(const char *text);
/* Percent-encode grpc-message; NULL over budget. */
char *grpc_percent_encode(struct arena *arena, const char *text);
/* Encode the value of a header whose name ends in -bin: base64 without padding; NULL over budget. */
char *grpc_binary_encode(struct arena *arena, struct slice bytes);

/* SPDX-License-Identifier: Apache-2.0 */
/* Why a call was refused, from the trailers of gRPC. Servers and proxies that are no authority say
 * less than it does. */
#pragma once

#include "client/client.h"

/* `message`: grpc-message as it came; `details`: grpc-status-details-bin; NULL for none. What is lent
 * is the arena's. */
void refusal_read(struct arena *arena, int code, const char *message, const char *details,
                  struct client_refusal *out);

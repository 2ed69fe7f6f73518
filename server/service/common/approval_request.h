/* SPDX-License-Identifier: Apache-2.0 */
/* A request as it is kept while it waits for a second admin: whole, but for what is secret in it, which
 * is kept apart. */
#pragma once

#include "store/resource/approval_store.h"

struct ProtobufCMessage;

/* Pack a request into the row: `request` and, of fields with the option secret, `secret`. */
rc approval_request_pack(struct arena *arena, const struct ProtobufCMessage *message,
                         struct approval_row *row, struct err *err);

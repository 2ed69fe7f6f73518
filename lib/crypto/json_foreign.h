/* SPDX-License-Identifier: Apache-2.0 */
/* JSON that other people's programs write for many readers: tokens and key sets. */
#pragma once

#include "crypto/json.h"

/* As json_parse_large, but a number that has no room, or a text that can't be one, refuses only whoever asks for it: a
 * whole number beyond 64 bits is a real one, and in place of a text with NUL or half a character stands an empty object. */
rc json_parse_foreign(struct arena *arena, struct slice text, size_t max_bytes, size_t max_values,
                      enum reason malformed, json_t **out, struct err *err);

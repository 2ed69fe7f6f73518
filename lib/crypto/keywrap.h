/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256 key wrap (RFC 3394) and key wrap with padding (RFC 5649). Loop thread. */
#pragma once

#include <stdint.h>

#include "base/arena.h"

/* Wrap a key of a multiple of 8 bytes, at least 16; out gets 8 bytes more. */
rc keywrap_wrap(struct slice kek, struct slice key, uint8_t *out, struct err *err);
/* Unwrap; out gets wrapped.len − 8 bytes. `mismatch` is raised when the integrity check fails. */
rc keywrap_unwrap(struct slice kek, struct slice wrapped, uint8_t *out, enum reason mismatch,
                  struct err *err);
/* The same with padding: any length from 1; wrapped is the length rounded up to 8, plus 8. */
rc keywrap_wrap_padded(struct arena *arena, struct slice kek, struct slice key, struct slice *out,
                       struct err *err);
rc keywrap_unwrap_padded(struct arena *arena, struct slice kek, struct slice wrapped,
                         enum reason mismatch, struct slice *out, struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte buffer in an arena, with a sticky error: append ten times, check once. One
 * thread. */
#pragma once

#include "base/arena.h"
#include "base/slice.h"

struct buf {
    struct arena *arena; /* borrows */
    uint8_t *ptr;
    size_t len;
    size_t cap;
    bool failed; /* out of budget; every later append does nothing */
};

void buf_init(struct buf *buf, struct arena *arena);
void buf_add(struct buf *buf, struct slice bytes);
void buf_add_str(struct buf *buf, const char *s);
void buf_add_byte(struct buf *buf, uint8_t byte);
/* A big-endian integer, as network formats have it. */
void buf_add_u32(struct buf *buf, uint32_t value);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* Reserve `len` bytes at the end and return where they are; NULL on failure. */
uint8_t *buf_extend(struct buf *buf, size_t len);
/* Lend what was written (valid until the next append); R_ARENA_EXHAUSTED if anything failed. */
rc buf_finish(const struct buf *buf, struct slice *out, struct err *err);

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
/* About so many bytes are to come: room for them at once, instead of by doubling. */
void buf_expect(struct buf *buf, size_t len);
void buf_add(struct buf *buf, struct slice bytes);
void buf_add_str(struct buf *buf, const char *s);
void buf_add_byte(struct buf *buf, uint8_t byte);
/* A big-endian integer, as network formats have it. */
void buf_add_u32(struct buf *buf, uint32_t value);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* A whole number in decimal digits. */
void buf_add_number(struct buf *buf, int64_t value);
/* A text of UTF-8 as a JSON string with its quotes; only what must be is escaped (RFC 8259 §7). */
void buf_add_json_text(struct buf *buf, const char *text);
/* Reserve `len` bytes at the end and return where they are; NULL on failure. */
uint8_t *buf_extend(struct buf *buf, size_t len);
/* Lend what was written (valid until the next append); R_ARENA_EXHAUSTED if anything failed. */
rc buf_finish(const struct buf *buf, struct slice *out, struct err *err);

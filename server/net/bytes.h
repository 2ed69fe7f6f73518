/* SPDX-License-Identifier: Apache-2.0 */
/* A growing byte queue on the heap: what came in, what goes out. Loop thread only. */
#pragma once

#include "base/slice.h"

struct bytes {
    uint8_t *ptr;
    size_t start, end, cap; /* the live bytes are [start, end) */
};

void bytes_add(struct bytes *b, struct slice data);
/* The same for a queue that will hold `expected` bytes at the end: it does not grow beyond that. Room
 * that was promised but not filled costs no memory beyond twice what came, or a page or two. */
void bytes_add_expecting(struct bytes *b, struct slice data, size_t expected);
struct slice bytes_view(const struct bytes *b);
/* Take `n` bytes away at the front; an empty queue gives its memory back. */
void bytes_consume(struct bytes *b, size_t n);
/* Wipe and free. */
void bytes_free(struct bytes *b);

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/bytes.h"

#include <string.h>

#include "base/mem.h"

enum {
    FIRST_BYTES = 512,
    AT_ONCE_MAX = 64 * 1024, /* up to this, what is expected gets its room in one piece */
};

static size_t capacity_for(const struct bytes *b, size_t needed, size_t expected)
{
    size_t cap = b->cap == 0 ? FIRST_BYTES : b->cap;
    while (cap < needed) {
        cap *= 2;
    }
    if (expected >= needed && (expected < cap || expected <= AT_ONCE_MAX)) {
        cap = expected;
    }
    return cap;
}

/* Room for `len` bytes more; what moves leaves nothing behind. */
static void make_room(struct bytes *b, size_t len, size_t expected)
{
    if (len <= b->cap - b->end) {
        return;
    }
    size_t live = b->end - b->start;
    size_t cap = capacity_for(b, live + len, expected);
    uint8_t *grown = xreallocarray(NULL, cap, 1);
    if (live > 0) {
        memcpy(grown, b->ptr + b->start, live);
    }
    bytes_free(b);
    *b = (struct bytes){.ptr = grown, .end = live, .cap = cap};
}

void bytes_add_expecting(struct bytes *b, struct slice data, size_t expected)
{
    if (data.len > 0) {
        make_room(b, data.len, expected);
        memcpy(b->ptr + b->end, data.ptr, data.len);
        b->end += data.len;
    }
}

void bytes_add(struct bytes *b, struct slice data)
{
    bytes_add_expecting(b, data, 0);
}

struct slice bytes_view(const struct bytes *b)
{
    return b->ptr == NULL ? SLICE_NONE : slice_of(b->ptr + b->start, b->end - b->start);
}

void bytes_consume(struct bytes *b, size_t n)
{
    b->start += n;
    if (b->start == b->end) {
        bytes_free(b);
    }
}

void bytes_free(struct bytes *b)
{
    if (b->ptr != NULL) {
        mem_wipe(b->ptr, b->end); /* requests carry tokens */
    }
    xfree(b->ptr);
    *b = (struct bytes){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/pb_write.h"

#include <string.h>

/* Wire types, protobuf's encoding guide. */
enum { WIRE_VARINT = 0, WIRE_BYTES = 2, VARINT_BYTES_MAX = 10 };

static size_t encode(uint64_t value, uint8_t *out)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7) {
        out[n++] = (uint8_t)(value | 0x80);
    }
    out[n++] = (uint8_t)value;
    return n;
}

/* A tag and a number, and room behind them that is to be filled; NULL over budget. */
static uint8_t *add(struct buf *out, uint32_t number, unsigned wire_type, uint64_t value,
                    size_t room)
{
    size_t before = out->len;
    uint8_t *at = buf_extend(out, 2 * VARINT_BYTES_MAX + room);
    if (at == NULL) {
        return NULL;
    }
    size_t n = encode((uint64_t)number << 3 | wire_type, at);
    n += encode(value, at + n);
    out->len = before + n + room;
    return at + n;
}

void pb_write_varint(struct buf *out, uint32_t number, uint64_t value)
{
    (void)add(out, number, WIRE_VARINT, value, 0);
}

void pb_write_bytes(struct buf *out, uint32_t number, struct slice bytes)
{
    uint8_t *at = add(out, number, WIRE_BYTES, bytes.len, bytes.len);
    if (at != NULL && bytes.len > 0) {
        memcpy(at, bytes.ptr, bytes.len);
    }
}

size_t pb_write_open(struct buf *out, uint32_t number)
{
    (void)add(out, number, WIRE_BYTES, 0, 0); /* a length of one byte, which most have */
    return out->len;
}

void pb_write_close(struct buf *out, size_t opened)
{
    uint8_t length[VARINT_BYTES_MAX];
    size_t content = out->failed ? 0 : out->len - opened;
    size_t n = encode(content, length);
    if (n > 1) {
        (void)buf_extend(out, n - 1);
    }
    if (out->failed) {
        return;
    }
    memmove(out->ptr + opened + n - 1, out->ptr + opened, content);
    memcpy(out->ptr + opened - 1, length, n);
}

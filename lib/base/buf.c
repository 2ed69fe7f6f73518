/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *buf, struct arena *arena)
{
    *buf = (struct buf){.arena = arena};
}

static void grow(struct buf *buf, size_t cap)
{
    uint8_t *grown = arena_alloc(buf->arena, cap);
    if (grown == NULL) {
        buf->failed = true;
        return;
    }
    if (buf->ptr != NULL) {
        memcpy(grown, buf->ptr, buf->len);
    }
    buf->ptr = grown;
    buf->cap = cap;
}

void buf_expect(struct buf *buf, size_t len)
{
    size_t need;
    if (!buf->failed && !__builtin_add_overflow(buf->len, len, &need) && need > buf->cap) {
        grow(buf, need);
    }
}

uint8_t *buf_extend(struct buf *buf, size_t len)
{
    size_t need;
    if (buf->failed || __builtin_add_overflow(buf->len, len, &need)) {
        buf->failed = true;
        return NULL;
    }
    if (need > buf->cap || buf->ptr == NULL) {
        size_t cap = buf->cap == 0 ? FIRST_CAPACITY : buf->cap;
        while (cap < need) {
            cap *= 2;
        }
        grow(buf, cap);
        if (buf->failed) {
            return NULL;
        }
    }
    uint8_t *at = buf->ptr + buf->len;
    buf->len = need;
    return at;
}

void buf_add(struct buf *buf, struct slice bytes)
{
    uint8_t *at = buf_extend(buf, bytes.len);
    if (at != NULL && bytes.len > 0) {
        memcpy(at, bytes.ptr, bytes.len);
    }
}

void buf_add_str(struct buf *buf, const char *s)
{
    buf_add(buf, slice_str(s));
}

void buf_add_byte(struct buf *buf, uint8_t byte)
{
    buf_add(buf, slice_of(&byte, 1));
}

void buf_add_u32(struct buf *buf, uint32_t value)
{
    uint8_t *at = buf_extend(buf, sizeof value);
    for (size_t i = 0; at != NULL && i < sizeof value; i++) {
        at[i] = (uint8_t)(value >> (8 * (sizeof value - 1 - i)));
    }
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    size_t room = buf->failed ? 0 : buf->cap - buf->len;
    int len = vsnprintf(room == 0 ? NULL : (char *)buf->ptr + buf->len, room, format, args);
    va_end(args);
    bool fits = len >= 0 && (size_t)len < room;
    /* One byte more for vsnprintf's NUL, given back afterwards. */
    uint8_t *at = len < 0 ? NULL : buf_extend(buf, (size_t)len + 1);
    if (at != NULL && !fits) {
        vsnprintf((char *)at, (size_t)len + 1, format, again);
    }
    buf->len -= at != NULL;
    va_end(again);
}

void buf_add_number(struct buf *buf, int64_t value)
{
    char digits[20]; /* of 2^63 and its sign */
    size_t at = sizeof digits;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    buf_add(buf, slice_of(digits + at, sizeof digits - at));
}

static void add_json_escape(struct buf *buf, uint8_t c)
{
    static const char chars[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *found = strchr(chars, c);
    if (found != NULL) {
        buf_printf(buf, "\\%c", names[found - chars]);
    } else {
        buf_printf(buf, "\\u%04x", c);
    }
}

/* How many bytes from here stand for themselves in a JSON string. */
static size_t json_plain(const char *text)
{
    size_t plain = 0;
    while ((uint8_t)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\') {
        plain++;
    }
    return plain;
}

/* With its quotes: nothing in it is escaped. */
static void add_plain_text(struct buf *buf, const char *text, size_t len)
{
    uint8_t *at = buf_extend(buf, len + 2);
    if (at != NULL) {
        at[0] = '"';
        memcpy(at + 1, text, len);
        at[len + 1] = '"';
    }
}

void buf_add_json_text(struct buf *buf, const char *text)
{
    size_t whole = json_plain(text);
    if (text[whole] == '\0') {
        add_plain_text(buf, text, whole);
        return;
    }
    buf_add_byte(buf, '"');
    for (const char *at = text; *at != '\0';) {
        size_t plain = json_plain(at);
        buf_add(buf, slice_of(at, plain));
        at += plain;
        if (*at != '\0') {
            add_json_escape(buf, (uint8_t)*at++);
        }
    }
    buf_add_byte(buf, '"');
}

rc buf_finish(const struct buf *buf, struct slice *out, struct err *err)
{
    ENSURE(!buf->failed, err, R_ARENA_EXHAUSTED);
    *out = slice_of(buf->ptr, buf->len);
    return OK;
}

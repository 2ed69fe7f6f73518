/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

enum { MALFORMED = -1 };

/* A byte in each place of a word. */
#define EACH_BYTE(byte) (UINT64_MAX / 0xff * (byte))

/* Step over printable ASCII, eight bytes at once: most text is nothing else. */
static size_t skip_plain(struct slice text, size_t at)
{
    for (uint64_t word; text.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text.ptr + at, sizeof word);
        uint64_t below_space = word - EACH_BYTE(0x20);
        uint64_t is_delete = (word ^ EACH_BYTE(0x7f)) - EACH_BYTE(1);
        if (((word | below_space | is_delete) & EACH_BYTE(0x80)) != 0) {
            break;
        }
    }
    return at;
}

static bool continues(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

/* Two bytes, by far the most of what is not ASCII. */
static int32_t two_bytes(const uint8_t *p)
{
    return p[0] >= 0xc2 && continues(p[1]) ? (p[0] & 0x1f) << 6 | (p[1] & 0x3f) : MALFORMED;
}

static int32_t three_bytes(const uint8_t *p)
{
    int32_t point = (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    return continues(p[1]) && continues(p[2]) && point >= 0x800 && !is_surrogate ? point
                                                                                 : MALFORMED;
}

static int32_t four_bytes(const uint8_t *p)
{
    int32_t point = (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
    bool do_continue = continues(p[1]) && continues(p[2]) && continues(p[3]);
    return p[0] < 0xf8 && do_continue && point >= 0x10000 && point <= 0x10ffff ? point : MALFORMED;
}

/* Decode one code point at *at and step over it; MALFORMED, and *at anywhere. */
static int32_t next_code_point(struct slice text, size_t *at)
{
    const uint8_t *p = text.ptr + *at;
    size_t len = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    if (text.len - *at < len) {
        return MALFORMED;
    }
    *at += len;
    switch (len) {
    case 1:
        return *p;
    case 2:
        return two_bytes(p);
    case 3:
        return three_bytes(p);
    default:
        return four_bytes(p);
    }
}

/* Step over one code point and the printable ASCII before it. False at the end of the text. */
static bool take_code_point(struct slice text, size_t *at, int32_t *point)
{
    if (*at < text.len && text.ptr[*at] < 0x80) {
        *at = skip_plain(text, *at);
    }
    if (*at >= text.len) {
        return false;
    }
    *point = next_code_point(text, at);
    return true;
}

bool utf8_is_valid(struct slice text)
{
    int32_t point;
    for (size_t at = 0; take_code_point(text, &at, &point);) {
        if (point < 0) {
            return false;
        }
    }
    return true;
}

/* Line and paragraph separator, embeddings and overrides, isolates. */
static bool moves_text(int32_t point)
{
    return (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static bool is_printable(int32_t point)
{
    return point >= 0x20 && (point < 0x7f || point >= 0xa0) && !moves_text(point);
}

bool utf8_is_printable(struct slice text)
{
    int32_t point;
    for (size_t at = 0; take_code_point(text, &at, &point);) {
        if (!is_printable(point)) {
            return false;
        }
    }
    return true;
}

bool utf8_is_text(struct slice text)
{
    int32_t point;
    for (size_t at = 0; take_code_point(text, &at, &point);) {
        if (point < 0x20 && point != '\t' && point != '\n' && point != '\r') {
            return false;
        }
    }
    return true;
}

static const char *instead_of(int32_t point)
{
    bool is_space = point == '\t' || point == '\n' || point == '\r' || point == 0x2028 ||
                    point == 0x2029 || point == 0x85;
    return is_space ? " " : "\xef\xbf\xbd";
}

const char *utf8_line(struct arena *arena, struct slice text, size_t max)
{
    char *out = arena_alloc(arena, max + 1);
    size_t len = 0;
    for (size_t at = 0; out != NULL && at < text.len;) {
        size_t from = at;
        int32_t point = next_code_point(text, &at);
        if (point < 0) { /* not UTF-8: one byte of it */
            at = from + 1;
        }
        struct slice shown =
            is_printable(point) ? slice_cut(text, from, at) : slice_str(instead_of(point));
        if (len + shown.len > max) {
            break;
        }
        memcpy(out + len, shown.ptr, shown.len);
        len += shown.len;
    }
    if (out != NULL) {
        out[len] = '\0';
    }
    return out;
}

/* --- escapes ---------------------------------------------------------------------------------- */

/* What is printable and yet can't be seen, in ranges. */
static bool is_hidden(int32_t point)
{
    static const int32_t ranges[][2] = {
        {0x00ad, 0x00ad},   {0x034f, 0x034f},   {0x061c, 0x061c},   {0x115f, 0x1160},
        {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2060, 0x206f},
        {0x3164, 0x3164},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
        {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe00ff}, {0xe01f0, 0xe0fff},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (point >= ranges[i][0] && point <= ranges[i][1]) {
            return true;
        }
    }
    return false;
}

static bool is_shown(int32_t point, enum utf8_escapes escapes)
{
    bool is_layout = point == '\n' || point == '\r' || point == '\t';
    return (is_printable(point) && !is_hidden(point)) || (is_layout && escapes != UTF8_LINE);
}

static void add_escape(struct buf *out, int32_t point, enum utf8_escapes escapes)
{
    unsigned value = (unsigned)point;
    if (point == '\n' || point == '\r' || point == '\t') {
        buf_printf(out, "\\%c", point == '\n' ? 'n' : point == '\r' ? 'r' : 't');
    } else if (value <= 0xffff) {
        buf_printf(out, "\\u%04x", value);
    } else if (escapes == UTF8_JSON) { /* RFC 8259 §7: as UTF-16 has it */
        value -= 0x10000;
        buf_printf(out, "\\u%04x\\u%04x", 0xd800 + (value >> 10), 0xdc00 + (value & 0x3ff));
    } else {
        buf_printf(out, "\\U%08x", value);
    }
}

/* The next piece of text as it is shown. */
static void add_shown(struct buf *out, struct slice text, size_t *at, enum utf8_escapes escapes)
{
    size_t from = *at;
    int32_t point = next_code_point(text, at);
    if (point < 0) {
        *at = from + 1;
        buf_printf(out, "\\x%02x", text.ptr[from]);
    } else if (is_shown(point, escapes)) {
        buf_add(out, slice_cut(text, from, *at));
    } else {
        add_escape(out, point, escapes);
    }
}

static bool is_shown_whole(struct slice text, enum utf8_escapes escapes)
{
    int32_t point;
    for (size_t at = 0; take_code_point(text, &at, &point);) {
        if (point < 0 || !is_shown(point, escapes)) {
            return false;
        }
    }
    return true;
}

const char *utf8_escaped(struct arena *arena, const char *text, enum utf8_escapes escapes)
{
    struct buf out;
    struct slice whole = slice_str(text), shown;
    if (is_shown_whole(whole, escapes)) {
        return text;
    }
    buf_init(&out, arena);
    for (size_t at = 0; at < whole.len;) {
        add_shown(&out, whole, &at, escapes);
    }
    return buf_finish(&out, &shown, NULL).ok ? arena_dup(arena, shown) : NULL;
}

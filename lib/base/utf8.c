/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

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

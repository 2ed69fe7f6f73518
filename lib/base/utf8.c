/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>

/* Decode one code point at *at and step over it; -1 when malformed. */
static int32_t next_code_point(struct slice text, size_t *at)
{
    uint8_t lead = text.ptr[(*at)++];
    if (lead < 0x80) {
        return lead;
    }
    /* Lead byte → continuation bytes and the least code point of that length. */
    int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (lead < 0xc2 || lead > 0xf4 || text.len - *at < (size_t)more) {
        return -1;
    }
    int32_t point = lead & (0x3f >> more);
    for (int i = 0; i < more; i++) {
        uint8_t c = text.ptr[(*at)++];
        if ((c & 0xc0) != 0x80) {
            return -1;
        }
        point = point << 6 | (c & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < least[more] || point > 0x10ffff || surrogate ? -1 : point;
}

bool utf8_is_valid(struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        if (next_code_point(text, &at) < 0) {
            return false;
        }
    }
    return true;
}

bool utf8_is_printable(struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        int32_t point = next_code_point(text, &at);
        if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
            return false;
        }
    }
    return true;
}

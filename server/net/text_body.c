/* SPDX-License-Identifier: Apache-2.0 */
#include "net/text_body.h"

#include "base/encode.h"

enum { GROUP = 4, PIECE_BYTES = 3 * 256, PIECE_CHARS = PIECE_BYTES / 3 * 4 };

static bool take_digit(struct text_body *text, uint8_t c)
{
    int value = base64_digit_value(c);
    if (c == '=' && text->digits >= 2) {
        text->pads++;
        value = 0;
    } else if (text->pads > 0) {
        return false;
    }
    text->bits = text->bits << 6 | (value < 0 ? 0 : (uint32_t)value);
    text->digits++;
    return value >= 0;
}

bool text_body_decode(struct text_body *text, struct slice in, struct bytes *out)
{
    uint8_t piece[PIECE_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (!take_digit(text, in.ptr[i])) {
            return false;
        }
        if (text->digits < GROUP) {
            continue;
        }
        piece[n] = (uint8_t)(text->bits >> 16);
        piece[n + 1] = (uint8_t)(text->bits >> 8);
        piece[n + 2] = (uint8_t)text->bits;
        n += 3 - text->pads;
        *text = (struct text_body){0};
        if (n > sizeof piece - 3) {
            bytes_add(out, slice_of(piece, n));
            n = 0;
        }
    }
    bytes_add(out, slice_of(piece, n));
    return true;
}

bool text_body_is_whole(const struct text_body *text)
{
    return text->digits == 0;
}

void text_body_encode(struct slice in, struct bytes *out)
{
    for (size_t at = 0; at < in.len; at += PIECE_BYTES) {
        char chars[PIECE_CHARS];
        struct slice piece = slice_cut(in, at, at + PIECE_BYTES);
        base64_encode(piece, chars);
        bytes_add(out, slice_of(chars, base64_length(piece.len)));
    }
}

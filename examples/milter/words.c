/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <stdbool.h>
#include <string.h>

/* U+00C0 to U+00FF without marks, two letters each; German as Germans write it without. */
static const char letters[] = "A A A A AeA AEC E E E E I I I I D N O O O O Oex O U U U UeY Thss"
                              "a a a a aea aec e e e e i i i i d n o o o o oe/ o u u u uey thy ";

/* Bytes of the UTF-8 character here; 1 for what is none. */
static size_t character(const unsigned char *at)
{
    size_t len = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc0 ? 2 : 1;
    for (size_t i = 1; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 1;
        }
    }
    return len;
}

/* Never longer than the character. */
static size_t plain(const unsigned char *at, size_t len, char out[2])
{
    unsigned code = len == 2 ? (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU) : 0;
    bool is_punctuation = len == 3 && at[0] == 0xe2 && at[1] == 0x80;
    if (code >= 0xc0 && code <= 0xff) {
        memcpy(out, &letters[(code - 0xc0) * 2], 2);
        return out[1] == ' ' ? 1 : 2;
    }
    if (is_punctuation && at[2] >= 0x90 && at[2] <= 0x9f) { /* dashes and quotation marks */
        out[0] = at[2] <= 0x95 ? '-' : at[2] <= 0x9b ? '\'' : '"';
        return 1;
    }
    bool is_printable = len == 1 && at[0] >= ' ' && at[0] <= '~' && at[0] != '%';
    out[0] = is_printable ? (char)at[0] : at[0] == '\n' || at[0] == '\t' ? ' ' : '?';
    return 1;
}

void words_make_plain(char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at != '\0') {
        char out[2];
        size_t len = character(at), made = plain(at, len, out);
        memcpy(text, out, made);
        text += made;
        at += len;
    }
    *text = '\0';
}

size_t words_line(const char *text, size_t most)
{
    size_t len = strlen(text), end = most;
    if (len <= most) {
        return len;
    }
    while (end > 0 && text[end] != ' ') {
        end--;
    }
    return end > 0 ? end : most;
}

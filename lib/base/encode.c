/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"

#include <stdint.h>

static const char URL_ALPHABET[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char STD_ALPHABET[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* One more than the value of a digit, in either alphabet; 0: it is none. */
static const uint8_t DIGITS[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['-'] = 63,
    ['/'] = 64, ['_'] = 64,
};

int base64_digit_value(uint8_t c)
{
    return c == '-' || c == '_' ? -1 : DIGITS[c] - 1;
}

static size_t encode(struct slice in, const char *alphabet, char *out)
{
    size_t n = 0;
    size_t i = 0;
    for (; i + 3 <= in.len; i += 3) {
        uint32_t v = (uint32_t)in.ptr[i] << 16 | (uint32_t)in.ptr[i + 1] << 8 | in.ptr[i + 2];
        out[n++] = alphabet[v >> 18];
        out[n++] = alphabet[v >> 12 & 63];
        out[n++] = alphabet[v >> 6 & 63];
        out[n++] = alphabet[v & 63];
    }
    size_t rest = in.len - i;
    if (rest > 0) {
        uint32_t v = (uint32_t)in.ptr[i] << 16 | (rest == 2 ? (uint32_t)in.ptr[i + 1] << 8 : 0);
        out[n++] = alphabet[v >> 18];
        out[n++] = alphabet[v >> 12 & 63];
        if (rest == 2) {
            out[n++] = alphabet[v >> 6 & 63];
        }
    }
    return n;
}

static bool has_other_alphabet(struct slice text, bool url)
{
    return slice_find(text, url ? '+' : '-') >= 0 || slice_find(text, url ? '/' : '_') >= 0;
}

/* The value of a digit; of what is none bits above those of values are set in *bad. */
static uint32_t take_digit(uint8_t digit, uint32_t *bad)
{
    uint32_t value = DIGITS[digit] - UINT32_C(1);
    *bad |= value;
    return value & 63;
}

/* Decode digits without padding into out, which has room; false on a foreign character, an
 * impossible length, or trailing bits that are not zero. One branch for four digits: a megabyte is
 * a millisecond. */
static bool decode(struct slice text, bool url, uint8_t *out)
{
    uint32_t bad = 0;
    const uint8_t *at = text.ptr;
    size_t left = text.len;
    for (; left >= 4 && bad < 64; left -= 4, at += 4, out += 3) {
        uint32_t bits = take_digit(at[0], &bad) << 18 | take_digit(at[1], &bad) << 12 |
                        take_digit(at[2], &bad) << 6 | take_digit(at[3], &bad);
        out[0] = (uint8_t)(bits >> 16);
        out[1] = (uint8_t)(bits >> 8);
        out[2] = (uint8_t)bits;
    }
    if (left == 1 || left > 3 || bad >= 64 || has_other_alphabet(text, url)) {
        return false;
    }
    uint32_t bits = 0; /* 2 digits are a byte and 4 bits, 3 two bytes and 2 bits */
    for (size_t i = 0; i < left; i++) {
        bits |= take_digit(at[i], &bad) << (18 - 6 * i);
    }
    for (size_t byte = 1; byte < left; byte++) {
        *out++ = (uint8_t)(bits >> 16);
        bits = bits << 8 & 0xffffff;
    }
    return bits == 0 && bad < 64;
}

size_t base64url_encode(struct slice bytes, char *out)
{
    return encode(bytes, URL_ALPHABET, out);
}

char *base64url_dup(struct arena *arena, struct slice bytes)
{
    char *text = arena_zalloc(arena, base64url_length(bytes.len) + 1);
    if (text != NULL) {
        encode(bytes, URL_ALPHABET, text);
    }
    return text;
}

static size_t decoded_length(size_t digits)
{
    return digits / 4 * 3 + (digits % 4 == 0 ? 0 : digits % 4 - 1);
}

static rc decode_dup(struct arena *arena, struct slice text, bool url, struct slice *out,
                     struct err *err)
{
    ENSURE(text.len % 4 != 1, err, R_FIELD_INVALID);
    size_t len = decoded_length(text.len);
    uint8_t *bytes = arena_alloc(arena, len + 1);
    ARENA_ENSURE(bytes, err);
    ENSURE(decode(text, url, bytes), err, R_FIELD_INVALID);
    bytes[len] = '\0';
    *out = slice_of(bytes, len);
    return OK;
}

rc base64url_decode(struct arena *arena, struct slice text, struct slice *out, struct err *err)
{
    return decode_dup(arena, text, true, out, err);
}

rc base64url_decode_to(struct slice text, uint8_t *out, size_t cap, size_t *len_out,
                       struct err *err)
{
    ENSURE(text.len % 4 != 1, err, R_FIELD_INVALID);
    size_t len = decoded_length(text.len);
    ENSURE(len <= cap, err, R_FIELD_INVALID);
    ENSURE(decode(text, true, out), err, R_FIELD_INVALID);
    *len_out = len;
    return OK;
}

void base64_encode(struct slice bytes, char *out)
{
    size_t n = encode(bytes, STD_ALPHABET, out);
    while (n < base64_length(bytes.len)) {
        out[n++] = '=';
    }
}

char *base64_dup(struct arena *arena, struct slice bytes)
{
    char *text = arena_zalloc(arena, base64_length(bytes.len) + 1);
    if (text != NULL) {
        base64_encode(bytes, text);
    }
    return text;
}

/* The digits of a text that ends in the padding that its length asks for, or in none. */
static struct slice without_padding(struct slice text)
{
    size_t digits = text.len;
    while (text.len % 4 == 0 && digits > 0 && text.len - digits < 2 &&
           text.ptr[digits - 1] == '=') {
        digits--;
    }
    return slice_cut(text, 0, digits);
}

rc base64_decode(struct arena *arena, struct slice text, struct slice *out, struct err *err)
{
    ENSURE(text.len % 4 == 0, err, R_FIELD_INVALID);
    return decode_dup(arena, without_padding(text), false, out, err);
}

rc base64_decode_any_to(struct slice text, uint8_t *out, size_t cap, size_t *len_out,
                        struct err *err)
{
    bool url = slice_find(text, '-') >= 0 || slice_find(text, '_') >= 0;
    struct slice digits = without_padding(text);
    ENSURE(digits.len % 4 != 1, err, R_FIELD_INVALID);
    size_t len = decoded_length(digits.len);
    ENSURE(len <= cap && decode(digits, url, out), err, R_FIELD_INVALID);
    *len_out = len;
    return OK;
}

char *hex_dup(struct arena *arena, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_array(arena, bytes.len + 1, 2);
    for (size_t i = 0; text != NULL && i < bytes.len; i++) {
        text[2 * i] = digits[bytes.ptr[i] >> 4];
        text[2 * i + 1] = digits[bytes.ptr[i] & 15];
    }
    return text;
}

int hex_digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

rc hex_decode(struct slice text, uint8_t *out, size_t len, struct err *err)
{
    ENSURE(text.len == 2 * len, err, R_FIELD_INVALID);
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit_value(text.ptr[2 * i]);
        int low = hex_digit_value(text.ptr[2 * i + 1]);
        ENSURE(high >= 0 && low >= 0, err, R_FIELD_INVALID);
        out[i] = (uint8_t)(high << 4 | low);
    }
    return OK;
}

int utf16_escaped_unit(struct slice text)
{
    int unit = 0;
    if (text.len < UTF16_ESCAPE_BYTES || text.ptr[0] != '\\' || text.ptr[1] != 'u') {
        return -1;
    }
    for (size_t i = 2; i < UTF16_ESCAPE_BYTES; i++) {
        int digit = hex_digit_value(text.ptr[i]);
        if (digit < 0) {
            return -1;
        }
        unit = unit << 4 | digit;
    }
    return unit;
}

bool utf16_is_high(int unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

bool utf16_is_low(int unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

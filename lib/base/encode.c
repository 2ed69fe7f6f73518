/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encode.h"

#include <stdint.h>

static const char URL_ALPHABET[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char STD_ALPHABET[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a digit, or -1. */
static int digit_value(uint8_t c, bool url)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == (url ? '-' : '+')) {
        return 62;
    }
    return c == (url ? '_' : '/') ? 63 : -1;
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

/* Decode digits without padding into out, which has room; false on a foreign character, an
 * impossible length, or trailing bits that are not zero. */
static bool decode(struct slice text, bool url, uint8_t *out)
{
    if (text.len % 4 == 1) {
        return false;
    }
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = digit_value(text.ptr[i], url);
        if (value < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (uint8_t)(bits >> have);
            bits &= (1u << have) - 1;
        }
    }
    return bits == 0;
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

char *base64_dup(struct arena *arena, struct slice bytes)
{
    size_t padded = (bytes.len + 2) / 3 * 4;
    char *text = arena_zalloc(arena, padded + 1);
    if (text == NULL) {
        return NULL;
    }
    size_t n = encode(bytes, STD_ALPHABET, text);
    while (n < padded) {
        text[n++] = '=';
    }
    return text;
}

rc base64_decode(struct arena *arena, struct slice text, struct slice *out, struct err *err)
{
    ENSURE(text.len % 4 == 0, err, R_FIELD_INVALID);
    size_t digits = text.len;
    while (digits > 0 && text.len - digits < 2 && text.ptr[digits - 1] == '=') {
        digits--;
    }
    return decode_dup(arena, slice_cut(text, 0, digits), false, out, err);
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
    uint8_t unit[2];
    bool is_escape = slice_starts_with(text, "\\u") &&
                     hex_decode(slice_cut(text, 2, UTF16_ESCAPE_BYTES), unit, sizeof unit, NULL).ok;
    return is_escape ? unit[0] << 8 | unit[1] : -1;
}

bool utf16_is_high(int unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

bool utf16_is_low(int unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Text encodings of bytes: hex, base64url without padding (RFC 7515 §2), base64 (RFC 4648 §4).
 * Decoders are strict: no white space, no padding where none belongs, no non-zero trailing bits, so
 * that one value has one text. Any thread. */
#pragma once

#include "base/arena.h"
#include "base/slice.h"

/* Characters that n bytes become, without a NUL. */
static inline size_t base64url_length(size_t n)
{
    return n / 3 * 4 + (n % 3 == 0 ? 0 : n % 3 + 1);
}

/* Write base64url_length(bytes.len) characters, no NUL; return how many. */
size_t base64url_encode(struct slice bytes, char *out);
/* Encode into the arena, NUL-terminated; NULL over budget. */
char *base64url_dup(struct arena *arena, struct slice bytes);
/* Decode into the arena; R_FIELD_INVALID on any deviation. */
rc base64url_decode(struct arena *arena, struct slice text, struct slice *out, struct err *err);
/* Decode into a caller's buffer of `cap` bytes; R_FIELD_INVALID if it does not fit. */
rc base64url_decode_to(struct slice text, uint8_t *out, size_t cap, size_t *len_out,
                       struct err *err);

/* Standard base64 with padding, for PEM-like and JSON bytes. */
static inline size_t base64_length(size_t n)
{
    return (n + 2) / 3 * 4;
}
/* Write base64_length(bytes.len) characters, no NUL. */
void base64_encode(struct slice bytes, char *out);
char *base64_dup(struct arena *arena, struct slice bytes);
/* 0 to 63; −1: it is no digit of standard base64. */
int base64_digit_value(uint8_t c);
rc base64_decode(struct arena *arena, struct slice text, struct slice *out, struct err *err);
/* What protobuf's JSON takes: either alphabet, but not both in one text, with its padding or without.
 * R_FIELD_INVALID if it does not fit. */
rc base64_decode_any_to(struct slice text, uint8_t *out, size_t cap, size_t *len_out,
                        struct err *err);

/* 0 to 15; −1: it is no hex digit. */
int hex_digit_value(uint8_t c);
/* Lower-case hex, NUL-terminated; NULL over budget. */
char *hex_dup(struct arena *arena, struct slice bytes);
/* Decode exactly `len` bytes from 2 × len hex digits; R_FIELD_INVALID otherwise. */
rc hex_decode(struct slice text, uint8_t *out, size_t len, struct err *err);

/* JSON's escapes (RFC 8259 §7). The unit of UTF-16 that \uXXXX at the start names; −1: it is no such escape. */
enum { UTF16_ESCAPE_BYTES = 6 };
int utf16_escaped_unit(struct slice text);
/* The first and the second half of a character beyond U+FFFF. */
bool utf16_is_high(int unit);
bool utf16_is_low(int unit);

/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_lexer.h"

#include "base/encode.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_char(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool json_lexer_take_word(struct json_input *in, const char *word)
{
    json_lexer_skip_space(in);
    size_t len = strlen(word);
    struct slice rest = slice_of(in->at, (size_t)(in->end - in->at));
    if (!slice_starts_with(rest, word) || (rest.len > len && is_word_char(rest.ptr[len]))) {
        return false;
    }
    in->at += len;
    return true;
}

/* Where a string ends, of which something is escaped: at its quote, or at what it may not have. */
static const uint8_t *skip_escaped(const uint8_t *at, const uint8_t *end)
{
    while (at < end && *at != '"' && *at >= 0x20) {
        bool is_escape = *at == '\\';
        at += is_escape && end - at > 1 ? 2 : 1; /* what is escaped ends nothing */
    }
    return at;
}

/* Eight bytes at once, without a branch: texts are long. */
static bool has_control(const uint8_t *at, const uint8_t *end)
{
    const uint64_t each = UINT64_MAX / 0xff; /* 1 in each byte */
    uint64_t found = 0, word;
    for (; (size_t)(end - at) >= sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        found |= (word - each * 0x20) & ~word & each * 0x80;
    }
    for (; at < end; at++) {
        found |= *at < 0x20;
    }
    return found != 0;
}

bool json_lexer_take_string(struct json_input *in, struct json_string *out)
{
    json_lexer_skip_space(in);
    const uint8_t *at = in->at, *end = in->end;
    if (at == end || *at != '"') {
        return false;
    }
    const uint8_t *from = ++at;
    const uint8_t *quote = at == end ? NULL : memchr(at, '"', (size_t)(end - at));
    if (quote == NULL) {
        return false;
    }
    out->has_escapes = memchr(at, '\\', (size_t)(quote - at)) != NULL;
    at = out->has_escapes ? skip_escaped(at, end) : quote;
    if (at >= end || *at != '"' || (!out->has_escapes && has_control(from, at))) {
        return false;
    }
    out->raw = slice_of(from, (size_t)(at - from));
    in->at = at + 1;
    return true;
}

/* --- numbers (RFC 8259 §6) -------------------------------------------------------------------- */

static const uint8_t *skip_digits(const uint8_t *at, const uint8_t *end)
{
    while (at < end && is_digit(*at)) {
        at++;
    }
    return at;
}

/* Behind at least one digit; NULL: there is none. */
static const uint8_t *need_digits(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *after = skip_digits(at, end);
    return after == at ? NULL : after;
}

static const uint8_t *skip_integer(const uint8_t *at, const uint8_t *end)
{
    at += at < end && *at == '-';
    return at < end && *at == '0' ? at + 1 : need_digits(at, end);
}

static const uint8_t *skip_fraction(const uint8_t *at, const uint8_t *end)
{
    return at < end && *at == '.' ? need_digits(at + 1, end) : at;
}

static const uint8_t *skip_exponent(const uint8_t *at, const uint8_t *end)
{
    if (at == end || (*at != 'e' && *at != 'E')) {
        return at;
    }
    at++;
    at += at < end && (*at == '+' || *at == '-');
    return need_digits(at, end);
}

bool json_lexer_take_number(struct json_input *in, struct slice *out)
{
    json_lexer_skip_space(in);
    const uint8_t *at = skip_integer(in->at, in->end);
    at = at == NULL ? NULL : skip_fraction(at, in->end);
    at = at == NULL ? NULL : skip_exponent(at, in->end);
    if (at == NULL || (at < in->end && is_word_char(*at))) {
        return false;
    }
    *out = slice_of(in->at, (size_t)(at - in->at));
    in->at = at;
    return true;
}

/* --- escapes (RFC 8259 §7) -------------------------------------------------------------------- */

static size_t write_utf8(uint32_t point, uint8_t *out)
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (uint8_t)(0xc0 | point >> 6);
        out[1] = (uint8_t)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (uint8_t)(0xe0 | point >> 12);
        out[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | point >> 18);
    out[1] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (point & 0x3f));
    return 4;
}

/* \uXXXX at the start, or two of them for one character; the bytes taken, 0: no such thing. */
static size_t take_unicode(struct slice text, uint32_t *point)
{
    int unit = utf16_escaped_unit(text);
    if (unit < 0 || utf16_is_low(unit)) {
        return 0;
    }
    *point = (uint32_t)unit;
    if (!utf16_is_high(unit)) {
        return UTF16_ESCAPE_BYTES;
    }
    int low = utf16_escaped_unit(slice_cut(text, UTF16_ESCAPE_BYTES, text.len));
    if (!utf16_is_low(low)) {
        return 0;
    }
    *point = 0x10000 + (((uint32_t)unit & 0x3ff) << 10 | ((uint32_t)low & 0x3ff));
    return 2 * UTF16_ESCAPE_BYTES;
}

/* One escape at the start; the bytes taken, 0: there is no such escape. */
static size_t take_escape(struct slice text, uint32_t *point)
{
    static const uint8_t meant[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                       ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    uint8_t name = text.len > 1 ? text.ptr[1] : '\0';
    if (name == 'u') {
        return take_unicode(text, point);
    }
    *point = meant[name];
    return *point == 0 ? 0 : 2;
}

bool json_lexer_unescape(struct slice raw, uint8_t *out, size_t *len)
{
    size_t n = 0;
    for (size_t at = 0; at < raw.len;) {
        if (raw.ptr[at] != '\\') {
            out[n++] = raw.ptr[at++];
            continue;
        }
        uint32_t point = 0;
        size_t taken = take_escape(slice_of(raw.ptr + at, raw.len - at), &point);
        if (taken == 0) {
            return false;
        }
        n += write_utf8(point, out + n);
        at += taken;
    }
    *len = n;
    return true;
}

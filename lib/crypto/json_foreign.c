/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8259 leaves two things to whoever reads (§6, §8.2): numbers beyond 64 bits, and texts with NUL or half a character,
 * as they come about where a program cuts a name in the middle of a pair. jansson refuses the whole document for either.
 * What only a few ask for must not take the rest away, so such a document is read once more with something in their
 * place that is as wrong for everybody who does ask for it. */
#include "crypto/json_foreign.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"

enum {
    DIGITS_IN_64_BITS = 18, /* that surely fit */
    TEXTS = 8,              /* a buffer that grows is copied */
};

/* Of the wrong kind for whoever asks for a text, a time or a yes: null would say that there is nothing. */
static const char IN_PLACE_OF_A_TEXT[] = "{}";

/* --- texts ------------------------------------------------------------------------------------ */

/* The length of the escape at the start of the rest of a text; *is_text false for what no text can hold. */
static size_t escape_length(struct slice rest, bool *is_text)
{
    int unit = utf16_escaped_unit(rest);
    if (utf16_is_high(unit) &&
        utf16_is_low(utf16_escaped_unit(slice_cut(rest, UTF16_ESCAPE_BYTES, rest.len)))) {
        return 2 * (size_t)UTF16_ESCAPE_BYTES;
    }
    if (unit == 0 || utf16_is_high(unit) || utf16_is_low(unit)) {
        *is_text = false;
    }
    return unit < 0 ? 2 : UTF16_ESCAPE_BYTES;
}

/* The length of the text at the start, with its marks; 0: it has no end. */
static size_t text_length(struct slice from, bool *is_text)
{
    size_t i = 1;
    *is_text = true;
    while (i < from.len && from.ptr[i] != '"') {
        i += from.ptr[i] == '\\' ? escape_length(slice_cut(from, i, from.len), is_text) : 1;
    }
    return i < from.len ? i + 1 : 0;
}

/* A name of a member stays, and so refuses the document. */
static bool is_name(struct slice after)
{
    size_t i = 0;
    while (i < after.len && memchr(" \t\r\n", after.ptr[i], 4) != NULL) {
        i++;
    }
    return i < after.len && after.ptr[i] == ':';
}

static size_t take_text(struct buf *out, struct slice from)
{
    bool is_text;
    size_t len = text_length(from, &is_text);
    if (len == 0) {
        len = from.len;
    } else if (!is_text && !is_name(slice_cut(from, len, from.len))) {
        buf_add_str(out, IN_PLACE_OF_A_TEXT);
        return len;
    }
    buf_add(out, slice_cut(from, 0, len));
    return len;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static size_t number_length(struct slice from)
{
    size_t i = 0;
    while (i < from.len && memchr("+-.0123456789eE", from.ptr[i], 15) != NULL) {
        i++;
    }
    return i;
}

/* What may be beyond 64 bits becomes a real number, and what is beyond those a very large one. */
static size_t take_number(struct buf *out, struct slice from)
{
    struct slice digits = slice_cut(from, 0, number_length(from));
    const char *text = arena_dup(out->arena, digits);
    bool is_whole = text != NULL && strpbrk(text, ".eE") == NULL;
    if (text != NULL && isinf(strtod(text, NULL))) {
        buf_add_str(out, text[0] == '-' ? "-1e308" : "1e308");
        return digits.len;
    }
    buf_add(out, digits);
    if (is_whole && digits.len > DIGITS_IN_64_BITS) {
        buf_add_str(out, ".0");
    }
    return digits.len;
}

/* --- documents -------------------------------------------------------------------------------- */

static rc rewrite(struct arena *arena, struct slice text, struct slice *out, struct err *err)
{
    struct buf buf;
    buf_init(&buf, arena);
    for (size_t i = 0; i < text.len;) {
        struct slice rest = slice_cut(text, i, text.len);
        if (rest.ptr[0] == '"') {
            i += take_text(&buf, rest);
        } else if (number_length(rest) > 0) {
            i += take_number(&buf, rest);
        } else {
            buf_add_byte(&buf, rest.ptr[0]);
            i++;
        }
    }
    return buf_finish(&buf, out, err);
}

rc json_parse_foreign(struct arena *arena, struct slice text, size_t max_bytes, size_t max_values,
                      enum reason malformed, json_t **out, struct err *err)
{
    struct err first = {0};
    struct slice again;
    AUTO(arena_free_at) struct arena *of_text = arena_new(TEXTS * max_bytes);
    if (json_parse_large(arena, text, max_bytes, max_values, malformed, out, &first).ok) {
        return OK;
    }
    if (text.len <= max_bytes && rewrite(of_text, text, &again, NULL).ok &&
        !slice_eq(again, text)) {
        return json_parse_large(arena, again, 2 * max_bytes, max_values, malformed, out, err);
    }
    if (err != NULL) {
        *err = first;
    }
    return (rc){false};
}

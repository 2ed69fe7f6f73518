/* SPDX-License-Identifier: Apache-2.0 */
/* JSON token by token, where it lies (RFC 8259): nothing is copied, and nothing is kept of what was read.
 * Whoever reads knows what must come, so a text is refused where it goes wrong, however deep it is.
 * Whether strings are UTF-8 is the caller's matter. Pure; any thread. */
#pragma once

#include "base/slice.h"

struct json_input {
    const uint8_t *at, *end;
};

/* An empty text may be nowhere. */
static inline struct json_input json_input_of(struct slice text)
{
    const uint8_t *at = text.len == 0 ? (const uint8_t *)"" : text.ptr;
    return (struct json_input){at, at + text.len};
}

/* What stands between quotes. */
struct json_string {
    struct slice raw;
    bool has_escapes;
};

/* Each of these skips white space first, and takes nothing when it says false. */

static inline void json_lexer_skip_space(struct json_input *in)
{
    while (in->at < in->end &&
           (*in->at == ' ' || *in->at == '\n' || *in->at == '\r' || *in->at == '\t')) {
        in->at++;
    }
}
static inline bool json_lexer_take(struct json_input *in, char c)
{
    json_lexer_skip_space(in);
    if (in->at == in->end || *in->at != (uint8_t)c) {
        return false;
    }
    in->at++;
    return true;
}
/* The character that comes next; '\0': none. */
static inline char json_lexer_peek(struct json_input *in)
{
    json_lexer_skip_space(in);
    return in->at < in->end ? (char)*in->at : '\0';
}
/* true, false or null, and nothing that goes on behind it. */
bool json_lexer_take_word(struct json_input *in, const char *word);
bool json_lexer_take_string(struct json_input *in, struct json_string *out);
bool json_lexer_take_number(struct json_input *in, struct slice *out);

/* Write what a string with escapes means, at most raw.len bytes. False: an escape that there is not, or
 * half of a character beyond U+FFFF. */
bool json_lexer_unescape(struct slice raw, uint8_t *out, size_t *len);

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/language.h"

enum { SUBTAG_MAX = 8 };

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool all(struct slice subtag, bool (*is)(uint8_t c))
{
    for (size_t i = 0; i < subtag.len; i++) {
        if (!is(subtag.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_alphanumeric(uint8_t c)
{
    return is_letter(c) || is_digit(c);
}

static bool letters(struct slice subtag, size_t least, size_t most)
{
    return subtag.len >= least && subtag.len <= most && all(subtag, is_letter);
}

struct slice language_next_subtag(struct slice *rest)
{
    ptrdiff_t dash = slice_find(*rest, '-');
    size_t end = dash < 0 ? rest->len : (size_t)dash;
    struct slice subtag = slice_cut(*rest, 0, end);
    *rest = slice_cut(*rest, dash < 0 ? end : end + 1, rest->len);
    return subtag;
}

static bool are_subtags(struct slice tag)
{
    size_t len = 0;
    for (size_t i = 0; i <= tag.len; i++) {
        if (i < tag.len && tag.ptr[i] != '-') {
            len++;
        } else if (len == 0 || len > SUBTAG_MAX) {
            return false;
        } else {
            len = 0;
        }
    }
    return true;
}

static bool is_region(struct slice subtag)
{
    return letters(subtag, 2, 2) || (subtag.len == 3 && all(subtag, is_digit));
}

static bool is_variant(struct slice subtag)
{
    return subtag.len >= 5 || (subtag.len == 4 && is_digit(subtag.ptr[0]));
}

/* Singletons, each with at least one subtag of its own; each once; x ends the tag. `subtag` is
 * the first. */
static bool are_extensions(struct slice subtag, struct slice rest)
{
    bool used[256] = {false};
    while (subtag.len == 1) {
        uint8_t letter = subtag.ptr[0] | 0x20;
        if (letter == 'x') {
            return rest.len > 0;
        }
        if (used[letter] || rest.len == 0) {
            return false;
        }
        used[letter] = true;
        subtag = language_next_subtag(&rest);
        if (subtag.len < 2) {
            return false;
        }
        while (subtag.len >= 2) {
            subtag = language_next_subtag(&rest);
        }
    }
    return subtag.len == 0;
}

bool language_tag_is_valid(struct slice tag)
{
    struct slice rest = tag;
    if (tag.len == 0 || tag.len > LANGUAGE_MAX || !are_subtags(tag)) {
        return false;
    }
    for (size_t i = 0; i < tag.len; i++) {
        if (tag.ptr[i] != '-' && !is_alphanumeric(tag.ptr[i])) {
            return false;
        }
    }
    struct slice subtag = language_next_subtag(&rest);
    if (subtag.len == 1) {
        return (subtag.ptr[0] | 0x20) == 'x' && rest.len > 0;
    }
    if (!letters(subtag, 2, 8)) {
        return false;
    }
    size_t extended = subtag.len <= 3 ? 3 : 0;
    subtag = language_next_subtag(&rest);
    for (; extended > 0 && letters(subtag, 3, 3); extended--) {
        subtag = language_next_subtag(&rest);
    }
    if (letters(subtag, 4, 4)) {
        subtag = language_next_subtag(&rest);
    }
    if (is_region(subtag)) {
        subtag = language_next_subtag(&rest);
    }
    while (is_variant(subtag)) {
        subtag = language_next_subtag(&rest);
    }
    return are_extensions(subtag, rest);
}

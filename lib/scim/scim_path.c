/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/scim_path.h"

#include <string.h>

static bool fail(struct scim_fault *fault, const char *why)
{
    return scim_fail(fault, "invalidPath", "path", why);
}

static bool is_name(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && memchr("_-.:$", c, 5) == NULL) {
            return false;
        }
    }
    return text.len > 0;
}

/* The bracket that closes the filter, as brackets within its texts don't; -1: none. */
static ptrdiff_t find_close(struct slice text)
{
    bool is_quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        if (is_quoted && text.ptr[i] == '\\') {
            i++;
        } else if (text.ptr[i] == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && text.ptr[i] == ']') {
            return (ptrdiff_t)i;
        }
    }
    return -1;
}

/* Behind an attribute's first dot stands a part of it; in the names of extensions dots are of their versions. */
static bool split(struct arena *arena, struct slice text, struct scim_path *out,
                  struct scim_fault *fault)
{
    const char *name = scim_attribute_name(arena, text);
    if (name == NULL) {
        return scim_over_budget(fault);
    }
    const char *dot = strncmp(name, "urn:", 4) == 0 ? NULL : strchr(name, '.');
    size_t len = dot == NULL ? strlen(name) : (size_t)(dot - name);
    out->attribute = arena_dup(arena, slice_of(name, len));
    out->sub = dot == NULL ? "" : dot + 1;
    if (out->attribute == NULL) {
        return scim_over_budget(fault);
    }
    return len > 0 ? true : fail(fault, "It names no attribute.");
}

bool scim_path_parse(struct arena *arena, struct slice text, struct scim_path *out,
                     struct scim_fault *fault)
{
    *out = (struct scim_path){.sub = ""};
    if (text.len > SCIM_FILTER_BYTES_MAX) {
        return fail(fault, "It has more than 2,048 bytes.");
    }
    ptrdiff_t open = slice_find(text, '[');
    struct slice name = slice_cut(text, 0, open < 0 ? text.len : (size_t)open);
    if (!is_name(name)) {
        return fail(
            fault,
            "It must be an attribute, such as name.givenName or emails[type eq \"work\"].value.");
    }
    if (!split(arena, name, out, fault) || open < 0) {
        return open < 0 && fault->type == NULL;
    }
    struct slice behind = slice_cut(text, (size_t)open + 1, text.len);
    ptrdiff_t close = find_close(behind);
    if (close < 0 || out->sub[0] != '\0') {
        return fail(fault,
                    "A filter stands in brackets behind an attribute that has several values.");
    }
    struct slice rest = slice_cut(behind, (size_t)close + 1, behind.len);
    if (rest.len > 0 && (rest.ptr[0] != '.' || !is_name(slice_cut(rest, 1, rest.len)))) {
        return fail(fault, "Behind a filter stands a dot and a part of the attribute, or nothing.");
    }
    out->sub = rest.len == 0 ? "" : scim_attribute_name(arena, slice_cut(rest, 1, rest.len));
    if (out->sub == NULL) {
        return scim_over_budget(fault);
    }
    return scim_filter_parse(arena, slice_cut(behind, 0, (size_t)close), &out->filter, fault);
}

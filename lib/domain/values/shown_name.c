/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/shown_name.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "domain/values/compared_form.h"

/* Without memory to tell, it is none. */
static bool reads_as_address(struct slice name)
{
    size_t len = 0;
    uint8_t *form = name.len <= COMPARED_MAX ? compared_form(name, &len) : NULL;
    bool is_address = form == NULL || memchr(form, '@', len) != NULL;
    free(form);
    return is_address;
}

/* Joiners shape letters of some scripts, and belong to emoji as variation selectors do. */
static bool is_hidden(ucs4_t point)
{
    enum { NON_JOINER = 0x200C, JOINER = 0x200D };
    return uc_is_property_default_ignorable_code_point(point) && point != NON_JOINER &&
           point != JOINER && !uc_is_property_variation_selector(point);
}

const char *shown_name(struct arena *arena, const char *name)
{
    struct slice text = slice_str(name);
    char *out = arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (out == NULL) {
        return NULL;
    }
    for (size_t at = 0, bytes; at < text.len; at += bytes) {
        ucs4_t point;
        bytes = (size_t)u8_mbtouc(&point, text.ptr + at, text.len - at);
        if (uc_is_property_white_space(point)) {
            if (len > 0 && out[len - 1] != ' ') {
                out[len++] = ' ';
            }
        } else if (!is_hidden(point)) {
            memcpy(out + len, text.ptr + at, bytes);
            len += bytes;
        }
    }
    len -= len > 0 && out[len - 1] == ' ' ? 1 : 0;
    out[len] = '\0';
    return reads_as_address(slice_of(out, len)) ? "" : out;
}

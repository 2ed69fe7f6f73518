/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/extension.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unistr.h>

#include "domain/values/compared_form.h"

/* What of a name is looked at: its end. */
static struct slice last_part(struct slice name)
{
    size_t from = name.len > COMPARED_MAX ? name.len - COMPARED_MAX : 0;
    while (from < name.len && (name.ptr[from] & 0xC0) == 0x80) {
        from++;
    }
    return slice_cut(name, from, name.len);
}

static struct slice without_end(struct slice name)
{
    while (name.len > 0) {
        ucs4_t point;
        const uint8_t *last = u8_prev(&point, name.ptr + name.len, name.ptr);
        bool is_left_out = last != NULL && (point == '.' || uc_is_property_white_space(point) ||
                                            uc_is_general_category(point, UC_CONTROL));
        if (!is_left_out) {
            break;
        }
        name.len = (size_t)(last - name.ptr);
    }
    return name;
}

bool extension_of(struct slice name, char out[RULE_VALUE_BYTES_MAX + 1])
{
    size_t len;
    uint8_t *form = compared_form(last_part(name), &len);
    struct slice bare = form == NULL ? SLICE_NONE : without_end(slice_of(form, len));
    ptrdiff_t dot = slice_rfind(bare, '.');
    struct slice rest = slice_cut(bare, (size_t)(dot + 1), bare.len);
    bool is_there = dot >= 0 && rest.len > 0 && rest.len <= RULE_VALUE_BYTES_MAX;
    if (is_there) {
        memcpy(out, rest.ptr, rest.len);
        out[rest.len] = '\0';
    }
    free(form);
    return is_there;
}

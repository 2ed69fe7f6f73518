/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/rights.h"

static const char *const names[RIGHTS_STANDARD] = {
    "VIEW",    "EDIT",  "DOCEDIT",  "COMMENT",  "PRINT",          "EXTRACT",        "EXPORT",
    "FORWARD", "REPLY", "REPLYALL", "OBJMODEL", "VIEWRIGHTSDATA", "EDITRIGHTSDATA", "OWNER",
};

const char *rights_standard_name(size_t index)
{
    CH_ASSERT(index < RIGHTS_STANDARD);
    return names[index];
}

static uint32_t standard_bit(struct slice name)
{
    for (size_t i = 0; i < RIGHTS_STANDARD; i++) {
        if (slice_eq_str(name, names[i])) {
            return 1U << i;
        }
    }
    return 0;
}

bool rights_is_custom_name(struct slice name)
{
    if (name.len == 0 || name.len > RIGHT_NAME_MAX || standard_bit(name) != 0) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = (char)name.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    return true;
}

bool rights_has_custom(const struct rights *rights, struct slice name)
{
    for (size_t i = 0; i < rights->custom_count; i++) {
        if (slice_eq_str(name, rights->custom[i])) {
            return true;
        }
    }
    return false;
}

rc rights_add_name(struct arena *arena, struct rights *rights, struct slice name, struct err *err)
{
    uint32_t bit = standard_bit(name);
    if (bit != 0) {
        rights->bits |= bit;
        return OK;
    }
    if (!rights_is_custom_name(name)) {
        FAIL(err, R_POLICY_INVALID, "unknown right name");
    }
    if (rights_has_custom(rights, name)) {
        return OK;
    }
    ENSURE(rights->custom_count < RIGHTS_CUSTOM_MAX, err, R_POLICY_INVALID);
    const char *copy = arena_dup(arena, name);
    ARENA_ENSURE(copy, err);
    rights->custom[rights->custom_count++] = copy;
    return OK;
}

void rights_add(struct rights *rights, const struct rights *from)
{
    rights->bits |= from->bits;
    for (size_t i = 0; i < from->custom_count; i++) {
        if (!rights_has_custom(rights, slice_str(from->custom[i]))) {
            CH_ASSERT(rights->custom_count < RIGHTS_UNION_MAX);
            rights->custom[rights->custom_count++] = from->custom[i];
        }
    }
}

void rights_close(struct rights *rights)
{
    if (rights->bits & RIGHT_OWNER) {
        rights->bits = RIGHTS_ALL;
    }
    if (!rights_are_none(rights)) {
        rights->bits |= RIGHT_VIEW;
    }
}

bool rights_are_none(const struct rights *rights)
{
    return rights->bits == 0 && rights->custom_count == 0;
}

bool rights_are_within(const struct rights *some, const struct rights *one,
                       const struct rights *other)
{
    for (size_t i = 0; i < some->custom_count; i++) {
        if (!rights_has_custom(one, slice_str(some->custom[i])) &&
            !rights_has_custom(other, slice_str(some->custom[i]))) {
            return false;
        }
    }
    return (some->bits & ~(one->bits | other->bits)) == 0;
}

rc rights_parse(struct arena *arena, struct slice text, struct rights *out, struct err *err)
{
    *out = (struct rights){0};
    while (text.len > 0) {
        ptrdiff_t comma = slice_find(text, ',');
        size_t end = comma < 0 ? text.len : (size_t)comma;
        TRY(rights_add_name(arena, out, slice_cut(text, 0, end), err));
        text = slice_cut(text, end + 1, text.len);
    }
    return OK;
}

static char *append(char *at, const char *name, bool first)
{
    if (!first) {
        *at++ = ',';
    }
    size_t len = strlen(name);
    memcpy(at, name, len);
    return at + len;
}

void rights_format(const struct rights *rights, char out[RIGHTS_TEXT_MAX + 1])
{
    char *at = out;
    for (size_t i = 0; i < RIGHTS_STANDARD; i++) {
        if (rights->bits & 1U << i) {
            at = append(at, names[i], at == out);
        }
    }
    for (size_t i = 0; i < rights->custom_count; i++) {
        at = append(at, rights->custom[i], at == out);
    }
    *at = '\0';
}

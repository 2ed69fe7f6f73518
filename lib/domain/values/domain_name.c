/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/domain_name.h"

#include "domain/values/international.h"

enum { LABEL_MAX = 63 };

/* A name while it grows, with room for a trailing dot. */
struct name {
    char text[DOMAIN_MAX + 2];
    size_t len;
};

static bool is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Labels of 1 to 63 letters, digits and inner hyphens, with at least one dot between. */
static bool is_sound(const char *domain)
{
    size_t label = 0, dots = 0;
    for (const char *p = domain;; p++) {
        if (*p == '.' || *p == '\0') {
            if (label == 0 || label > LABEL_MAX || p[-1] == '-') {
                return false;
            }
            if (*p == '\0') {
                return dots > 0;
            }
            dots++;
            label = 0;
        } else if (!is_label_char(*p) || (label == 0 && *p == '-')) {
            return false;
        } else {
            label++;
        }
    }
}

static rc add_label(struct name *name, struct slice label, struct err *err)
{
    char folded[DOMAIN_TEXT_MAX + 1];
    char *end = name->text + name->len;
    size_t room = sizeof name->text - name->len;
    if (!slice_fold(label, folded)) {
        TRY(international_label(folded, end, room, err));
        name->len += strlen(end);
        return OK;
    }
    if (strncmp(folded, A_LABEL_PREFIX, strlen(A_LABEL_PREFIX)) == 0) {
        TRY(international_check_a_label(folded, err));
    }
    ENSURE(label.len < room, err, R_FIELD_INVALID);
    memcpy(end, folded, label.len + 1);
    name->len += label.len;
    return OK;
}

/* Label by label: most are ASCII, and libidn2 is a hundred times slower. An empty label ends it
 * at once, so that what costs much and gives nothing is not repeated. */
static rc build(struct name *name, struct slice text, struct err *err)
{
    for (struct slice rest = text; rest.len > 0;) {
        size_t before = name->len;
        ptrdiff_t dot = slice_find(rest, '.');
        size_t len = dot < 0 ? rest.len : (size_t)dot;
        TRY(add_label(name, slice_cut(rest, 0, len), err));
        ENSURE(name->len > before, err, R_FIELD_INVALID);
        if (dot >= 0) {
            name->text[name->len++] = '.'; /* a label leaves room for its NUL */
        }
        rest = slice_cut(rest, len + 1, rest.len);
    }
    return OK;
}

rc domain_name_write(struct slice text, char out[DOMAIN_MAX + 1], struct err *err)
{
    struct name name = {.len = 0};
    ENSURE(text.len > 0 && text.len <= DOMAIN_TEXT_MAX, err, R_FIELD_INVALID);
    ENSURE(slice_find(text, '\0') < 0, err, R_FIELD_INVALID);
    TRY(build(&name, text, err));
    if (name.text[name.len - 1] == '.') {
        name.len--;
    }
    name.text[name.len] = '\0';
    ENSURE(name.len <= DOMAIN_MAX && is_sound(name.text), err, R_FIELD_INVALID);
    memcpy(out, name.text, name.len + 1);
    return OK;
}

rc domain_name_normalize(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    char domain[DOMAIN_MAX + 1];
    TRY(domain_name_write(text, domain, err));
    *out = arena_strdup(arena, domain);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/address.h"

#include "base/utf8.h"

enum { LABEL_MAX = 63, LOCAL_MAX = 64 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Labels of 1 to 63 letters, digits and inner hyphens, with at least one dot between. */
static bool domain_is_sound(const char *domain)
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

/* What RFC 5322 §3.2.3 calls dot-atom text, wider by UTF-8: no quoted local parts, because no mail
 * system of the field hands them out, and they have several spellings. */
static bool local_is_sound(struct slice local)
{
    if (local.len == 0 || local.len > LOCAL_MAX || !utf8_is_printable(local)) {
        return false;
    }
    for (size_t i = 0; i < local.len; i++) {
        if (strchr(" \"(),:;<>@[\\]", (char)local.ptr[i]) != NULL) {
            return false;
        }
    }
    return local.ptr[0] != '.' && local.ptr[local.len - 1] != '.';
}

static char *fold(struct arena *arena, struct slice text)
{
    char *folded = arena_dup(arena, text);
    for (char *p = folded; p != NULL && *p != '\0'; p++) {
        *p = lower(*p);
    }
    return folded;
}

rc domain_normalize(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    if (text.len > 0 && text.ptr[text.len - 1] == '.') {
        text.len--;
    }
    ENSURE(text.len > 0 && text.len <= DOMAIN_MAX, err, R_FIELD_INVALID);
    const char *domain = fold(arena, text);
    ARENA_ENSURE(domain, err);
    ENSURE(strlen(domain) == text.len && domain_is_sound(domain), err, R_FIELD_INVALID);
    *out = domain;
    return OK;
}

rc address_normalize(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    ptrdiff_t at = slice_rfind(text, '@');
    ENSURE(at > 0 && text.len <= ADDRESS_MAX, err, R_FIELD_INVALID);
    struct slice local = slice_cut(text, 0, (size_t)at);
    ENSURE(local_is_sound(local), err, R_FIELD_INVALID);
    const char *domain = NULL;
    TRY(domain_normalize(arena, slice_cut(text, (size_t)at + 1, text.len), &domain, err));
    const char *folded = fold(arena, local);
    ARENA_ENSURE(folded, err);
    *out = arena_printf(arena, "%s@%s", folded, domain);
    ARENA_ENSURE(*out, err);
    return OK;
}

const char *address_domain(const char *address)
{
    const char *at = strrchr(address, '@');
    return at == NULL ? "" : at + 1;
}

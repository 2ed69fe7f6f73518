/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/domain_name.h"

#include "domain/values/international.h"

enum { LABEL_MAX = 63 };

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

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static char *fold(struct arena *arena, struct slice text)
{
    char *folded = arena_dup(arena, text);
    for (char *p = folded; p != NULL && *p != '\0'; p++) {
        *p = lower(*p);
    }
    return folded;
}

static bool has_a_label(const char *domain)
{
    return strncmp(domain, A_LABEL_PREFIX, strlen(A_LABEL_PREFIX)) == 0 ||
           strstr(domain, "." A_LABEL_PREFIX) != NULL;
}

static void cut_dot(char *domain)
{
    size_t len = strlen(domain);
    if (len > 0 && domain[len - 1] == '.') {
        domain[len - 1] = '\0';
    }
}

rc domain_name_normalize(struct arena *arena, struct slice text, const char **out, struct err *err)
{
    const bool is_plain = is_ascii(text);
    char *domain = NULL;
    ENSURE(text.len > 0 && text.len <= DOMAIN_TEXT_MAX, err, R_FIELD_INVALID);
    if (is_plain) {
        domain = fold(arena, text);
        ARENA_ENSURE(domain, err);
        ENSURE(strlen(domain) == text.len, err, R_FIELD_INVALID); /* no NUL within */
    }
    if (!is_plain || has_a_label(domain)) {
        TRY(international_domain(arena, text, &domain, err));
    }
    cut_dot(domain);
    ENSURE(strlen(domain) <= DOMAIN_MAX && domain_is_sound(domain), err, R_FIELD_INVALID);
    *out = domain;
    return OK;
}

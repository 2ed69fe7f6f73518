/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/issuer_template.h"

#include <string.h>

#include "base/ids.h"

enum {
    PLACEHOLDER_LEN = sizeof ISSUER_TEMPLATE_PLACEHOLDER - 1,
    UUID_TEXT_LEN = UUID_TEXT_BYTES - 1
};

static bool is_uuid(struct slice text)
{
    struct uuid ignored;
    return uuid_parse(text, &ignored, NULL).ok;
}

/* Where the path begins, at its slash; NULL when there is none. */
static const char *path_of(const char *iss)
{
    const char *host = strstr(iss, "://");
    return host == NULL ? NULL : strchr(host + 3, '/');
}

bool issuer_template_has_braces(const char *iss)
{
    return strpbrk(iss, "{}") != NULL;
}

bool issuer_template_is_sound(const char *iss)
{
    const char *path = path_of(iss);
    const char *at = path == NULL ? NULL : strstr(path, ISSUER_TEMPLATE_PLACEHOLDER);
    if (at == NULL || strncmp(iss, "https://", 8) != 0 || strpbrk(iss, "{}") != at) {
        return false;
    }
    const char *end = at + PLACEHOLDER_LEN;
    return at[-1] == '/' && (*end == '/' || *end == '\0') && strpbrk(end, "{}") == NULL;
}

struct slice issuer_template_value(const char *pattern, const char *iss)
{
    const char *at = strstr(pattern, ISSUER_TEMPLATE_PLACEHOLDER);
    size_t before = at == NULL ? 0 : (size_t)(at - pattern);
    if (at == NULL || strncmp(pattern, iss, before) != 0) {
        return SLICE_NONE;
    }
    struct slice rest = slice_str(iss + before);
    struct slice value = slice_cut(rest, 0, UUID_TEXT_LEN);
    struct slice after = slice_cut(rest, UUID_TEXT_LEN, rest.len);
    return is_uuid(value) && slice_eq_str(after, at + PLACEHOLDER_LEN) ? value : SLICE_NONE;
}

bool issuer_template_fits(const char *registered, const char *iss)
{
    return issuer_template_has_braces(registered) ? issuer_template_value(registered, iss).len > 0
                                                  : strcmp(registered, iss) == 0;
}

const char *issuer_template_of(struct arena *arena, const char *iss)
{
    const char *path = path_of(iss);
    while (path != NULL) {
        const char *segment = path + 1;
        path = strchr(segment, '/');
        size_t len = path == NULL ? strlen(segment) : (size_t)(path - segment);
        if (is_uuid(slice_of(segment, len))) {
            return arena_printf(arena, "%.*s" ISSUER_TEMPLATE_PLACEHOLDER "%s",
                                (int)(segment - iss), iss, segment + len);
        }
    }
    return "";
}

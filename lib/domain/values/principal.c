/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/principal.h"

#include "domain/values/address.h"
#include "domain/values/domain_name.h"
#include "domain/values/tenant_name.h"

typedef rc (*normalize_fn)(struct arena *arena, struct slice text, const char **out,
                           struct err *err);

static rc tenant_name_read(struct arena *arena, struct slice text, const char **out,
                           struct err *err)
{
    ENSURE(tenant_name_is_valid(text), err, R_FIELD_INVALID);
    *out = arena_dup(arena, text);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* By their kinds. */
static const struct {
    const char *text;
    enum principal_kind kind;
    normalize_fn normalize; /* NULL: it has no name */
} forms[] = {
    {.text = "user:", .kind = PRINCIPAL_USER, .normalize = address_normalize},
    {.text = "group:", .kind = PRINCIPAL_GROUP, .normalize = address_normalize},
    {.text = "domain:", .kind = PRINCIPAL_DOMAIN, .normalize = domain_name_normalize},
    {.text = "tenant:", .kind = PRINCIPAL_TENANT, .normalize = tenant_name_read},
    {.text = "recipients", .kind = PRINCIPAL_RECIPIENTS},
    {.text = "authenticated", .kind = PRINCIPAL_AUTHENTICATED},
    {.text = "owner", .kind = PRINCIPAL_OWNER},
};
enum { FORMS = sizeof forms / sizeof forms[0] };

rc principal_parse(struct arena *arena, struct slice text, struct principal *out, struct err *err)
{
    for (size_t i = 0; i < FORMS; i++) {
        const size_t len = strlen(forms[i].text);
        if (forms[i].normalize == NULL && slice_eq_str(text, forms[i].text)) {
            *out = (struct principal){forms[i].kind, ""};
            return OK;
        }
        if (forms[i].normalize != NULL && slice_starts_with(text, forms[i].text)) {
            out->kind = forms[i].kind;
            return forms[i].normalize(arena, slice_cut(text, len, text.len), &out->name, err);
        }
    }
    FAIL(err, R_FIELD_INVALID, "unknown form of principal");
}

struct principal principal_view(const char *text)
{
    for (size_t i = 0; i < FORMS; i++) {
        const size_t len = strlen(forms[i].text);
        bool has_name = forms[i].normalize != NULL;
        if (strncmp(text, forms[i].text, len) == 0 && (text[len] != '\0') == has_name) {
            return (struct principal){forms[i].kind, text + len};
        }
    }
    return (struct principal){PRINCIPAL_UNKNOWN, text};
}

bool principal_is_whole(const struct principal *principal)
{
    return (size_t)principal->kind < FORMS &&
           (forms[principal->kind].normalize != NULL) == (principal->name[0] != '\0');
}

const char *principal_format(struct arena *arena, const struct principal *principal)
{
    for (size_t i = 0; i < FORMS; i++) {
        if (forms[i].kind == principal->kind) {
            return arena_printf(arena, "%s%s", forms[i].text, principal->name);
        }
    }
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/principal.h"

#include "domain/values/address.h"
#include "domain/values/domain_name.h"
#include "domain/values/tenant_name.h"

/* By their kinds. */
static const struct {
    const char *text;
    enum principal_kind kind;
    bool named;
} forms[] = {
    {"user:", PRINCIPAL_USER, true},
    {"group:", PRINCIPAL_GROUP, true},
    {"domain:", PRINCIPAL_DOMAIN, true},
    {"tenant:", PRINCIPAL_TENANT, true},
    {"recipients", PRINCIPAL_RECIPIENTS, false},
    {"authenticated", PRINCIPAL_AUTHENTICATED, false},
    {"owner", PRINCIPAL_OWNER, false},
};
enum { FORMS = sizeof forms / sizeof forms[0] };

static rc normalize_name(struct arena *arena, enum principal_kind kind, struct slice name,
                         const char **out, struct err *err)
{
    switch (kind) {
    case PRINCIPAL_USER:
    case PRINCIPAL_GROUP:
        return address_normalize(arena, name, out, err);
    case PRINCIPAL_DOMAIN:
        return domain_name_normalize(arena, name, out, err);
    case PRINCIPAL_TENANT:
        ENSURE(tenant_name_is_valid(name), err, R_FIELD_INVALID);
        *out = arena_dup(arena, name);
        ARENA_ENSURE(*out, err);
        return OK;
    case PRINCIPAL_RECIPIENTS:
    case PRINCIPAL_AUTHENTICATED:
    case PRINCIPAL_OWNER:
    case PRINCIPAL_UNKNOWN:
        break;
    }
    FAIL(err, R_FIELD_INVALID, "principal without a name");
}

rc principal_parse(struct arena *arena, struct slice text, struct principal *out, struct err *err)
{
    for (size_t i = 0; i < FORMS; i++) {
        if (!forms[i].named && slice_eq_str(text, forms[i].text)) {
            *out = (struct principal){forms[i].kind, ""};
            return OK;
        }
        if (forms[i].named && slice_starts_with(text, forms[i].text)) {
            out->kind = forms[i].kind;
            return normalize_name(arena, out->kind,
                                  slice_cut(text, strlen(forms[i].text), text.len), &out->name,
                                  err);
        }
    }
    FAIL(err, R_FIELD_INVALID, "unknown form of principal");
}

bool principal_is_whole(const struct principal *principal)
{
    return (size_t)principal->kind < FORMS &&
           forms[principal->kind].named == (principal->name[0] != '\0');
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

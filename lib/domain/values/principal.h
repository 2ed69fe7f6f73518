/* SPDX-License-Identifier: Apache-2.0 */
/* Principals: whom a grant, a scope or a rule names. Pure; any thread. */
#pragma once

#include "base/arena.h"

/* Sealed in licenses: chancery.internal.v1.PrincipalKind is one more. */
enum principal_kind {
    PRINCIPAL_USER,          /* user:bob@fabrikam.com */
    PRINCIPAL_GROUP,         /* group:legal@contoso.com */
    PRINCIPAL_DOMAIN,        /* domain:fabrikam.com */
    PRINCIPAL_TENANT,        /* tenant:contoso */
    PRINCIPAL_RECIPIENTS,    /* recipients */
    PRINCIPAL_AUTHENTICATED, /* authenticated */
    PRINCIPAL_OWNER,         /* owner */
    PRINCIPAL_UNKNOWN,       /* stored, and not understood by this version: means nobody */
};

struct principal {
    enum principal_kind kind;
    const char *name; /* normalized; "" for recipients, authenticated and owner */
};

/* Read a principal and normalize its name. R_FIELD_INVALID when the form is unknown. */
rc principal_parse(struct arena *arena, struct slice text, struct principal *out, struct err *err);
/* Take apart what principal_format has written, without normalizing it again; PRINCIPAL_UNKNOWN for
 * a form that isn't known. Lends. */
struct principal principal_view(const char *text);
/* Whether there is such a kind, and it has a name or none as it should. */
bool principal_is_whole(const struct principal *principal);
/* Write it as it is read; NULL over budget. */
const char *principal_format(struct arena *arena, const struct principal *principal);

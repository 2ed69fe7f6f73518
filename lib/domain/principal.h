/* SPDX-License-Identifier: Apache-2.0 */
/* Principals: whom a grant, a scope or a rule names. Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "domain/subject.h"

enum principal_kind {
    PRINCIPAL_USER,          /* user:bob@fabrikam.com */
    PRINCIPAL_GROUP,         /* group:legal@contoso.com */
    PRINCIPAL_DOMAIN,        /* domain:fabrikam.com */
    PRINCIPAL_TENANT,        /* tenant:contoso */
    PRINCIPAL_RECIPIENTS,    /* recipients */
    PRINCIPAL_AUTHENTICATED, /* authenticated */
    PRINCIPAL_OWNER,         /* owner */
};

struct principal {
    enum principal_kind kind;
    const char *name; /* normalized; "" for the last three kinds */
};

/* Read a principal and normalize its name. R_FIELD_INVALID when the form is unknown. */
MUST rc principal_parse(struct arena *arena, struct slice text, struct principal *out,
                        struct err *err);
/* Write it as it is read; NULL over budget. */
const char *principal_format(struct arena *arena, const struct principal *principal);

/* What the relative kinds stand for in one content. */
struct principal_context {
    const char *owner;             /* normalized address */
    const char *const *recipients; /* normalized, sorted by strcmp */
    size_t recipient_count;
};

/* Whether the user of the subject is meant. A component alone is nobody's principal. */
bool principal_matches(const struct principal *principal, const struct principal_context *context,
                       const struct subject *subject);

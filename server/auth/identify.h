/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a token names: issuer, signature and claims, the tenant that it speaks for, and what of all that counts.
 *
 * The state lies in a struct of its own, so that a token can be identified for other ends than calling
 * (IssuerService.TestToken explains one). Epochs of what was looked at are noted with the caller. */
#pragma once

#include "context/services.h"

struct identified {
    struct err err; /* R_NONE: `user` holds; else why the token is refused */
    struct subject_user user;
    const struct issuer *issuer;      /* NULL until it is found */
    const struct tenant_record *home; /* the user's tenant; NULL without one */

    struct token_check check; /* its stage is what `err` is about */

    /* Which answer about a tenant was used, so that it can be forgotten; an empty key: none. */
    enum lookup_kind asked;
    struct slice asked_key;

    /* Private. */
    step_fn then;
    struct lookup lookup;
};

/* Whether the token is good and names a component: `err` says TOKEN_TYPE then, for it makes no user. */
static inline bool identified_is_component(const struct identified *who)
{
    return who->issuer != NULL && who->issuer->kind == ISSUER_COMPONENT &&
           who->check.claims != NULL;
}

/* Find out whom the token names; `then` looks at who->err. One at a time per call. */
step identify_user(struct call *c, struct identified *who, struct slice token, step_fn then);

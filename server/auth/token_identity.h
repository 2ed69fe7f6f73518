/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a token names: issuer, signature and claims, the tenant for which it speaks, and what of all that
 * counts. A sub-flow, `identify`.
 *
 * The state lies in a struct of its own, so that a token can be identified for other ends than calling
 * (IssuerService.TestToken explains one). Epochs of what was looked at are noted with the caller. */
#pragma once

#include "context/services.h"

struct identified {
    struct subject_user user;                   /* empty for a component's token */
    const struct issuer *issuer;                /* NULL until it is found */
    const struct tenant_record *home;           /* the user's tenant; NULL without one */
    const struct tenant_record *content_tenant; /* of a passcode: whose content it is for */
    bool is_disabled;                           /* the home's directory keeps them out */
    struct token_check check;                   /* its stage is the check that was begun last */
    struct slice text;                          /* the token */

    /* Which answer about a tenant was used, so that it can be forgotten; an empty key: none. */
    enum lookup_kind asked;
    struct slice asked_key;

    /* Private. */
    bool is_domain_of_tenant; /* of a consumer's address */
    /* What was asked of the database, and is worth remembering once the token speaks for somebody. */
    bool has_asked_issuer, has_asked_tenant;
    struct lookup lookup;
};

/* Whether the token is good and names a component, which is no user. */
static inline bool identified_is_component(const struct identified *who)
{
    return who->issuer != NULL && who->issuer->kind == ISSUER_COMPONENT &&
           who->check.claims != NULL;
}

/* Find out whom the token names; the call fails when it names nobody. */
step token_identify(struct call *c, struct identified *who, struct slice token);
/* Remember token, issuer and what was answered about its tenant, for the next call: the token is verified, and
 * speaks for somebody. For a user the sub-flow does so itself; for a component, whoever has found it.
 * `owner`: whose share of the worker's memory it takes. */
void token_identity_remember(struct call *c, struct identified *who, struct uuid owner);

extern const struct subflow identify_subflow;

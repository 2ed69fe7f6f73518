/* SPDX-License-Identifier: Apache-2.0 */
/* Who is the bearer of a token, as far as its issuer may say? Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/issuer.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"
#include "domain/values/token_claims.h"

struct authority_question {
    const struct issuer *issuer;
    const struct token_claims *claims;
    /* The tenant that a tenant issuer belongs to, or that the token's tenant claim names; NULL
     * if none. */
    const struct tenant_view *tenant;
    /* Of the passcode issuer: whose content it is. */
    const struct tenant_view *content_tenant;
    /* Whether some tenant has verified the domain of the address claim's address: asked for consumer
     * issuers and of passcodes. */
    bool is_domain_of_tenant;
};

/* Who the token's bearer is: only addresses for whose domain the issuer is authoritative are
 * taken over (docs/policy.md §8.2); groups are the directory's matter (relations/membership.h).
 * R_NONE, TENANT_DISABLED for people of a tenant that is, and of its passcodes; PASSCODES_OFF where the tenant
 * wants none, TOKEN_CLAIM_INVALID for a passcode that is for nothing, TOKEN_NO_ADDRESS when nothing is left, or
 * TOKEN_TYPE for kinds that make no users. `out` points into the question. */
enum reason decide_authority(const struct authority_question *question, struct subject_user *out);

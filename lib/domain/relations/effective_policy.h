/* SPDX-License-Identifier: Apache-2.0 */
/* A policy as it holds now: what was sealed, the current state of its template, and what was
 * changed since. Pure. */
#pragma once

#include "domain/values/amendment.h"
#include "domain/values/policy.h"
#include "domain/values/subject.h"

struct effective_policy {
    struct tenant_id tenant; /* the content's */
    const struct policy *policy;
    const struct template_policy *template; /* NULL: ad-hoc policy, or the template is gone */
    const struct amendment *amendment;      /* NULL: nothing was changed */
};

/* The rights that the policy grants the subject's user, closed under implication. Powers are not
 * counted here. */
void effective_policy_rights(const struct effective_policy *policy, const struct subject *subject,
                             struct rights *out);
/* What a principal other than a person has by its own name, closed under implication. */
void effective_policy_named_rights(const struct effective_policy *policy,
                                   const struct principal *principal, struct rights *out);
/* When the content expires; 0: never. */
struct unix_time effective_policy_expiry(const struct effective_policy *policy);
/* Whether a group is among the principals, so that the user's groups matter. */
bool effective_policy_names_groups(const struct effective_policy *policy);

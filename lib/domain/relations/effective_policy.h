/* SPDX-License-Identifier: Apache-2.0 */
/* A policy as it holds now: what was sealed, the current state of its template, and what was
 * changed since. Pure. */
#pragma once

#include "domain/values/amendment.h"
#include "domain/values/policy.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

struct effective_policy {
    struct tenant_id tenant; /* the content's */
    const struct policy *policy;
    const struct template_policy *template; /* NULL: ad-hoc policy, or the template is gone */
    const struct amendment *amendment;      /* NULL: nothing was changed */
};

/* The policy of a tenant's content with what its tenant says of its template now. Borrows. */
struct effective_policy effective_policy_of(const struct tenant_view *tenant,
                                            const struct policy *policy,
                                            const struct amendment *amendment);
/* The rights that the policy grants the subject's user, closed under implication: with OWNER, the
 * policy's custom rights too. None where the template is gone. Powers are not counted here. */
void effective_policy_rights(const struct effective_policy *policy, const struct subject *subject,
                             struct rights *out);
/* What a principal other than a person has by its own name, closed in the same way: a group also
 * as a recipient. */
void effective_policy_named_rights(const struct effective_policy *policy,
                                   const struct principal *principal, struct rights *out);
/* The part of it that grants give to exactly this principal. */
void effective_policy_grants_to(const struct effective_policy *policy,
                                const struct principal *principal, struct rights *out);
/* Make them all rights, as owner, issuer and OWNER have them: the standard ones and the policy's
 * custom ones, whomever it grants them. What can't be read adds none. */
void effective_policy_all_rights(const struct effective_policy *policy, struct rights *rights);
/* Whether the template under which the content was protected was deleted. */
bool effective_policy_has_lost_template(const struct effective_policy *policy);
/* Whether all of the policy can be read; else whom it concerns has nothing of it, and `problem` is
 * what can't be, for our log; it may be NULL. */
bool effective_policy_is_readable(const struct effective_policy *policy, const char **problem);
/* The version that decides: the amendment's, where there is one; else the template's; else 0. */
int64_t effective_policy_version(const struct effective_policy *policy);
/* When the content expires; 0: never. */
struct unix_time effective_policy_expiry(const struct effective_policy *policy);
/* Whether the policy names the user by an address: as a recipient, or by a grant to it or to its domain. Others
 * may have rights too, by grants that speak of nobody in particular. */
bool effective_policy_names_user(const struct effective_policy *policy,
                                 const struct subject *subject);
/* Whether what groups of the content's tenant the user is in could matter: a grant names a group,
 * or speaks of recipients and one of them might be a group. The latter is not asked for a user who
 * is a recipient by an address of their own, nor for one who is known by a passcode. */
bool effective_policy_needs_groups(const struct effective_policy *policy,
                                   const struct tenant_view *tenant, const struct subject *subject);

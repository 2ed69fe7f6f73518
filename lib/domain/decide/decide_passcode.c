/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_passcode.h"

#include "domain/relations/effective_policy.h"

/* As whom the bearer of the code would come: of no tenant and no group, for this content, through this portal. */
static struct subject reader(const struct passcode_question *q)
{
    struct subject subject = *q->portal;
    subject.user = (struct subject_user){.addresses = {q->address},
                                         .address_count = 1,
                                         .tenant_name = "",
                                         .boundary = BOUNDARY_EXTERNAL,
                                         .sign_in = SIGN_IN_PASSCODE,
                                         .only_content = q->content,
                                         .only_portal = q->portal->component.id};
    return subject;
}

/* What is so for every address alike is told; what depends on the policy or on lists of people is not. */
static bool is_told(enum reason reason)
{
    return reason == R_TENANT_DISABLED || reason == R_BOUNDARY_BLOCKED ||
           reason == R_PORTAL_REQUIRED || reason == R_SIGN_IN_REFUSED;
}

/* Whoever would have rights hears in the portal that the content is revoked or has expired (§4.2). */
static bool has_or_had_rights(enum reason reason)
{
    return reason == R_NONE || reason == R_REVOKED || reason == R_EXPIRED;
}

void decide_passcode(const struct passcode_question *q, struct passcode_decision *out)
{
    struct access_decision access;
    const struct subject subject = reader(q);
    const struct effective_policy now =
        effective_policy_of(q->tenant, q->policy, q->facts.amendment);
    *out = (struct passcode_decision){.portal_url = ""};
    decide_access(&(struct access_question){.platform = q->platform,
                                            .tenant = q->tenant,
                                            .policy = q->policy,
                                            .content = q->content,
                                            .subject = &subject,
                                            .facts = q->facts,
                                            .now = q->now},
                  &access);
    if (is_told(access.reason)) {
        out->reason = access.reason;
        out->portal_url = access.portal_url;
    } else if (q->tenant->has_passcodes_off) {
        out->reason = R_PASSCODES_OFF;
    } else if (q->is_domain_of_tenant) {
        out->reason = R_PASSCODE_SIGN_IN;
    } else {
        out->is_mailed =
            has_or_had_rights(access.reason) && effective_policy_names_user(&now, &subject);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_protect.h"

#include "domain/decide/decide_publisher.h"

static bool speaks_of_recipients(const struct grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (grants[i].principal.kind == PRINCIPAL_RECIPIENTS) {
            return true;
        }
    }
    return false;
}

static bool needs_recipients(const struct policy *policy, const struct template_policy *template)
{
    return policy->kind == POLICY_DO_NOT_FORWARD || policy->kind == POLICY_ENCRYPT_ONLY ||
           speaks_of_recipients(policy->grants, policy->grant_count) ||
           (template != NULL && speaks_of_recipients(template->grants, template->grant_count));
}

/* Ad-hoc policies that the tenant doesn't want any more. What they protect already still opens. */
static bool is_switched_off(const struct tenant_view *tenant, enum policy_kind kind)
{
    return (kind == POLICY_DO_NOT_FORWARD &&
            tenant_has_switched(tenant, TENANT_DO_NOT_FORWARD_OFF)) ||
           (kind == POLICY_ENCRYPT_ONLY && tenant_has_switched(tenant, TENANT_ENCRYPT_ONLY_OFF));
}

enum reason decide_protect(const struct protect_question *q)
{
    const struct policy *policy = q->policy;
    const struct publisher_question publisher = {
        .tenant = q->tenant, .subject = q->subject, .owner = policy->owner};
    const struct template_policy *template =
        policy->kind == POLICY_TEMPLATE ? tenant_find_template(q->tenant, policy->template_id)
                                        : NULL;
    enum reason reason = decide_publisher(&publisher);
    if (reason == R_NONE && is_switched_off(q->tenant, policy->kind)) {
        reason = R_POLICY_SWITCHED_OFF;
    }
    if (reason == R_NONE && policy->kind == POLICY_TEMPLATE) {
        reason = decide_choice(&publisher, template);
    }
    if (reason == R_NONE && policy->branding != NULL && policy->branding[0] != '\0' &&
        tenant_find_branding(q->tenant, policy->branding) == NULL) {
        reason = R_BRANDING_NOT_FOUND;
    }
    if (reason == R_NONE && needs_recipients(policy, template) && policy->recipient_count == 0) {
        reason = R_RECIPIENTS_MISSING;
    }
    return reason;
}

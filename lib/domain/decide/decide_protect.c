/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_protect.h"

#include "domain/decide/decide_sender.h"
#include "domain/relations/content_power.h"
#include "domain/relations/exclusion.h"
#include "domain/relations/membership.h"

static bool matches(const struct principal *principal, const struct protect_question *q)
{
    return principal->kind == PRINCIPAL_OWNER
               ? content_power_is_owner(q->tenant->id, q->policy->owner, q->subject)
               : membership_matches(principal, q->subject);
}

static bool any_matches(const struct principal *principals, size_t count,
                        const struct protect_question *q)
{
    for (size_t i = 0; i < count; i++) {
        if (matches(&principals[i], q)) {
            return true;
        }
    }
    return false;
}

/* A user protects as themself, in their own tenant, when onboarding control lets them. */
static enum reason as_user(const struct protect_question *q)
{
    if (!content_power_is_owner(q->tenant->id, q->policy->owner, q->subject)) {
        return R_PROTECT_DENIED;
    }
    if (q->tenant->onboarding_problem != NULL) {
        return R_ONBOARDING_INVALID;
    }
    bool is_open = q->tenant->onboarding_count == 0;
    return is_open || any_matches(q->tenant->onboarding, q->tenant->onboarding_count, q)
               ? R_NONE
               : R_PROTECT_DENIED;
}

static enum reason template_allows(const struct protect_question *q,
                                   const struct template_policy *template)
{
    if (template == NULL) {
        return R_TEMPLATE_NOT_FOUND;
    }
    /* A gateway chooses by mail-flow rules, not by a person's scope. */
    if (template->scope_count > 0 && subject_has_user(q->subject) &&
        !any_matches(template->scope, template->scope_count, q)) {
        return R_TEMPLATE_SCOPE;
    }
    if (template->is_archived) {
        return R_TEMPLATE_ARCHIVED;
    }
    return template->is_valid ? R_NONE : R_POLICY_INVALID;
}

static bool speaks_of_recipients(const struct grant *grants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (grants[i].principal.kind == PRINCIPAL_RECIPIENTS) {
            return true;
        }
    }
    return false;
}

enum reason decide_protect(const struct protect_question *q)
{
    const struct policy *policy = q->policy;
    const struct template_policy *template = NULL;
    bool is_component = subject_has_component(q->subject);
    enum reason reason = q->tenant->state == TENANT_ACTIVE ? R_NONE : R_TENANT_DISABLED;
    if (reason == R_NONE && is_component) {
        reason = decide_sender(q->tenant, &q->subject->component, policy->owner);
    }
    if (reason == R_NONE && exclusion_applies(q->tenant, q->subject)) {
        reason = R_EXCLUDED;
    }
    if (reason == R_NONE && !is_component) {
        reason = as_user(q);
    }
    if (reason == R_NONE && policy->kind == POLICY_TEMPLATE) {
        template = tenant_find_template(q->tenant, policy->template_id);
        reason = template_allows(q, template);
    }
    bool needs_recipients =
        policy->kind == POLICY_DO_NOT_FORWARD || policy->kind == POLICY_ENCRYPT_ONLY ||
        speaks_of_recipients(policy->grants, policy->grant_count) ||
        (template != NULL && speaks_of_recipients(template->grants, template->grant_count));
    if (reason == R_NONE && needs_recipients && policy->recipient_count == 0) {
        reason = R_RECIPIENTS_MISSING;
    }
    return reason;
}

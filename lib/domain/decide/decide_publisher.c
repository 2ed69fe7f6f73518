/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_publisher.h"

#include "domain/decide/decide_sender.h"
#include "domain/relations/content_power.h"
#include "domain/relations/exclusion.h"
#include "domain/relations/membership.h"

static bool matches(const struct principal *principal, const struct publisher_question *q)
{
    return principal->kind == PRINCIPAL_OWNER
               ? content_power_is_owner(q->tenant->id, q->owner, q->subject)
               : membership_matches(principal, q->subject);
}

static bool any_matches(const struct principal *principals, size_t count,
                        const struct publisher_question *q)
{
    for (size_t i = 0; i < count; i++) {
        if (matches(&principals[i], q)) {
            return true;
        }
    }
    return false;
}

static enum reason as_component(const struct publisher_question *q)
{
    const struct subject_component *component = &q->subject->component;
    return q->owner[0] == '\0' ? decide_gateway(q->tenant, component)
                               : decide_sender(q->tenant, component, q->owner);
}

/* A user protects as themself, in their own tenant, when onboarding control lets them. */
static enum reason as_user(const struct publisher_question *q)
{
    if (!content_power_is_owner(q->tenant->id, q->owner, q->subject)) {
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

enum reason decide_publisher(const struct publisher_question *q)
{
    enum reason reason = q->tenant->state == TENANT_ACTIVE ? R_NONE : R_TENANT_DISABLED;
    if (reason == R_NONE && subject_has_component(q->subject)) {
        reason = as_component(q);
    }
    if (reason == R_NONE && exclusion_applies(q->tenant, q->subject)) {
        reason = R_EXCLUDED;
    }
    bool is_alone = subject_has_component(q->subject) && !subject_has_user(q->subject);
    return reason == R_NONE && !is_alone ? as_user(q) : reason;
}

enum reason decide_choice(const struct publisher_question *q,
                          const struct template_policy *template)
{
    if (template == NULL) {
        return R_TEMPLATE_NOT_FOUND;
    }
    if (template->scope_count > 0 && subject_has_user(q->subject) &&
        !any_matches(template->scope, template->scope_count, q)) {
        return R_TEMPLATE_SCOPE;
    }
    if (template->is_archived) {
        return R_TEMPLATE_ARCHIVED;
    }
    return template->is_valid ? R_NONE : R_POLICY_INVALID;
}

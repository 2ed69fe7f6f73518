/* SPDX-License-Identifier: Apache-2.0 */
/* Which version of a policy decides, and until when (effective_policy.h). */
#include "domain/relations/effective_policy.h"

enum { DAY_S = 24 * 60 * 60 };

int64_t effective_policy_version(const struct effective_policy *now)
{
    if (now->amendment != NULL) {
        return now->amendment->version;
    }
    return now->template == NULL ? 0 : now->template->version;
}

struct unix_time effective_policy_expiry(const struct effective_policy *now)
{
    const struct template_policy *template = now->template;
    if (now->amendment != NULL && now->amendment->changes_expiry) {
        return now->amendment->expires_at;
    }
    if (now->policy->kind != POLICY_TEMPLATE) {
        return now->policy->expires_at;
    }
    if (template == NULL) {
        return (struct unix_time){0};
    }
    if (template->expires_after_days > 0) {
        return (struct unix_time){now->policy->protected_at.s +
                                  template->expires_after_days * DAY_S};
    }
    return template->expires_at;
}

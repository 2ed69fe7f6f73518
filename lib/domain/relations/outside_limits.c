/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/outside_limits.h"

enum { DAY_S = 24 * 60 * 60 };

/* NULL: it limits nothing, or is not there any more. */
static const struct branding_limits *limits_of(const struct tenant_view *tenant,
                                               const struct policy *policy)
{
    bool has_branding = policy->branding != NULL && policy->branding[0] != '\0';
    return has_branding ? tenant_find_branding(tenant, policy->branding) : NULL;
}

bool outside_sign_in_is_allowed(const struct tenant_view *tenant, const struct policy *policy,
                                const struct subject *subject)
{
    enum sign_in sign_in = subject->user.sign_in;
    if (!membership_is_outside(subject, tenant->id)) {
        return true;
    }
    if (sign_in_is_social(sign_in) && tenant_has_switched(tenant, TENANT_SOCIAL_OFF)) {
        return false;
    }
    const struct branding_limits *limits = limits_of(tenant, policy);
    return limits == NULL || limits->sign_ins == 0 || (limits->sign_ins & 1U << sign_in) != 0;
}

struct unix_time outside_expiry(const struct tenant_view *tenant, const struct policy *policy,
                                const struct subject *subject, struct unix_time for_all)
{
    const struct branding_limits *limits = limits_of(tenant, policy);
    if (limits == NULL || limits->expiry_days == 0 || !membership_is_outside(subject, tenant->id)) {
        return for_all;
    }
    struct unix_time end = {policy->protected_at.s + limits->expiry_days * DAY_S};
    return for_all.s != 0 && for_all.s < end.s ? for_all : end;
}

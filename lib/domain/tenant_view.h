/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant as decisions see it: one immutable value, loaded at one instant, dropped as a whole when
 * its epoch is out of date. */
#pragma once

#include "domain/policy.h"

enum { TENANT_NAME_MAX = 63, LICENSE_CAP_DAYS_DEFAULT = 30, LICENSE_CAP_DAYS_MAX = 365 };

enum tenant_state { TENANT_ACTIVE = 1, TENANT_IS_DISABLED = 2 };

enum exclusion_kind { EXCLUDED_USER = 1, EXCLUDED_APPLICATION = 2, EXCLUDED_PLATFORM = 3 };
struct exclusion {
    enum exclusion_kind kind;
    const char *value; /* normalized address, or an exact name */
};

struct tenant_view {
    struct tenant_id id;
    const char *name;
    const char *boundary;
    enum tenant_state state;
    int64_t license_cap_days;
    const char *const *domains; /* verified ones, normalized */
    size_t domain_count;
    const struct principal *onboarding; /* who may protect; none: every member */
    size_t onboarding_count;
    const struct template_policy *templates; /* sorted by id */
    size_t template_count;
    const struct exclusion *exclusions;
    size_t exclusion_count;
};

/* `[a-z][a-z0-9-]{0,62}`. */
bool tenant_name_is_valid(struct slice name);
/* Whether a normalized domain is one of the tenant's verified ones. */
bool tenant_has_domain(const struct tenant_view *tenant, const char *domain);
/* NULL when there is none. */
const struct template_policy *tenant_template(const struct tenant_view *tenant,
                                              struct template_id id);
/* Whether the user, the application or the platform is excluded. */
bool tenant_excludes(const struct tenant_view *tenant, const struct subject *subject);

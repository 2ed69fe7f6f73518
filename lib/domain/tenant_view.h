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

/* Power switched on for a person, a group or a component, until it ends by itself. */
struct super_user {
    bool is_component;
    struct component_id component; /* with is_component */
    struct principal principal;    /* else: PRINCIPAL_USER or PRINCIPAL_GROUP */
    struct unix_time expires_at;
};

/* What needs a second admin, as bits by the numbers of chancery.v1.ApprovalOperation. */
enum approval_operation {
    APPROVAL_GRANT_SUPER_USER = 1,
    APPROVAL_EXPORT_KEYS = 2,
    APPROVAL_DESTROY_KEY = 3,
    APPROVAL_PARTNER_EXCEPTION = 4,
    APPROVAL_LOWER_REQUIREMENT = 5, /* taking one of these off the list; always on it */
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
    const char *onboarding_problem; /* one that can't be read, so nobody may protect; NULL: none */
    const struct template_policy *templates; /* sorted by id */
    size_t template_count;
    const struct exclusion *exclusions;
    size_t exclusion_count;
    const struct super_user *super_users;
    size_t super_user_count;
    const struct tenant_id *partners; /* tenants whose readers open our content natively */
    size_t partner_count;
    bool has_directory;          /* users or groups were ever put into it */
    bool needs_bound_users;      /* its users' tokens must be bound to a key (RFC 9449, RFC 8705) */
    bool needs_bound_components; /* its components' tokens must be bound to their certificate */
    uint32_t approvals;          /* 1 << enum approval_operation */
};

/* `[a-z][a-z0-9-]{0,62}`. */
bool tenant_name_is_valid(struct slice name);
/* Whether a normalized domain is one of the tenant's verified ones. */
bool tenant_has_domain(const struct tenant_view *tenant, const char *domain);
/* NULL when there is none. */
const struct template_policy *tenant_template(const struct tenant_view *tenant,
                                              struct template_id id);
/* Whether the subject is a super user of this tenant at this time: one of its members, or a component of its
 * own that acts alone. */
bool tenant_has_super_user(const struct tenant_view *tenant, const struct subject *subject,
                           struct unix_time now);
/* Whether content of this tenant opens natively for members of that one across a boundary. */
bool tenant_has_partner(const struct tenant_view *tenant, struct tenant_id reader);
/* Whether a second admin must approve. */
bool tenant_needs_approval(const struct tenant_view *tenant, enum approval_operation operation);
/* Whether the user, the application or the platform is excluded. */
bool tenant_excludes(const struct tenant_view *tenant, const struct subject *subject);

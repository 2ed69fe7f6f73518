/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant as decisions see it: one immutable value, loaded at one instant, dropped as a whole when
 * its epoch is out of date. */
#pragma once

#include "domain/values/approval.h"
#include "domain/values/template.h"
#include "domain/values/tenant_name.h"

enum { LICENSE_CAP_DAYS_DEFAULT = 30, LICENSE_CAP_DAYS_MAX = 365 };

enum tenant_state { TENANT_ACTIVE = 1, TENANT_IS_DISABLED = 2 };

enum exclusion_kind { EXCLUDED_USER = 1, EXCLUDED_APPLICATION = 2, EXCLUDED_PLATFORM = 3 };
struct exclusion {
    enum exclusion_kind kind;
    const char *value; /* normalized address, or a name (client_name.h) */
};

/* Power switched on for a person, a group or a component, until it ends by itself. */
struct super_user {
    bool is_component;
    struct component_id component; /* with is_component */
    struct principal principal;    /* else: PRINCIPAL_USER or PRINCIPAL_GROUP */
    struct unix_time expires_at;
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

/* Whether a normalized domain is one of the tenant's verified ones. */
bool tenant_has_domain(const struct tenant_view *tenant, const char *domain);
/* NULL when the tenant has no such template. */
const struct template_policy *tenant_find_template(const struct tenant_view *tenant,
                                                   struct template_id id);
/* Whether content of this tenant opens natively for members of that one across a boundary. */
bool tenant_has_partner(const struct tenant_view *tenant, struct tenant_id reader);
/* Whether a second admin must approve. */
bool tenant_needs_approval(const struct tenant_view *tenant, enum approval_operation operation);

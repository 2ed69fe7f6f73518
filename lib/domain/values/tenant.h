/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant as decisions see it: one immutable value, loaded at one instant, dropped as a whole when
 * its epoch is out of date. */
#pragma once

#include "domain/values/approval.h"
#include "domain/values/principal.h"
#include "domain/values/template.h"
#include "domain/values/tenant_limits.h"
#include "domain/values/tenant_name.h"

enum { LICENSE_CAP_DAYS_DEFAULT = 30, LICENSE_CAP_DAYS_MAX = 365 };

enum tenant_state { TENANT_ACTIVE = 1, TENANT_IS_DISABLED = 2 };

enum exclusion_kind { EXCLUDED_USER = 1, EXCLUDED_APPLICATION = 2, EXCLUDED_PLATFORM = 3 };
struct exclusion {
    enum exclusion_kind kind;
    const char *value; /* normalized address, or a name (client_name.h) */
};

/* On which side of a denial the partner stands. By the numbers of chancery.v1.DenialSide. */
enum denial_side {
    DENIAL_READERS = 1, /* they may never open the tenant's content */
    DENIAL_CONTENT = 2, /* theirs is not opened by the tenant's people */
};
struct denial {
    enum denial_side side;
    struct principal partner; /* PRINCIPAL_TENANT or PRINCIPAL_DOMAIN */
};

/* Power switched on for a person, a group or a component, until it ends by itself. */
struct super_user {
    bool is_component;
    struct component_id component; /* with is_component */
    struct principal principal;    /* else: PRINCIPAL_USER or PRINCIPAL_GROUP */
    struct unix_time expires_at;
};

/* What a tenant has switched (docs/policy.md §3.11), as bits. */
enum tenant_switch {
    TENANT_DO_NOT_FORWARD_OFF = 1,     /* nobody protects by it any more */
    TENANT_ENCRYPT_ONLY_OFF = 1 << 1,  /* likewise */
    TENANT_SOCIAL_OFF = 1 << 2,        /* readers outside don't sign in by consumers' accounts */
    TENANT_ATTACHMENTS_FREED = 1 << 3, /* those of Encrypt-Only mail may be kept unprotected */
    TENANT_REJECTS_WITHOUT_RIGHTS = 1 << 4, /* mail of which a recipient would have no rights */
    TENANT_JOURNALS_IN_CLEAR = 1 << 5,      /* its gateways open its mail for a journal */
    TENANT_NOTIFIES_OWNERS = 1 << 6,        /* by mail, who asks for it, of who opened content */
};

/* Whether a tenant's gateways open its mail on its way, to have it scanned (docs/policy.md §3.12). By the
 * numbers of chancery.v1.TransportDecryption. */
enum transport_decryption {
    TRANSPORT_DECRYPTION_OFF = 1,
    TRANSPORT_DECRYPTION_OPTIONAL = 2,  /* what can't be opened passes as it is */
    TRANSPORT_DECRYPTION_MANDATORY = 3, /* what can't be opened is not delivered */
};

/* What a branding limits for readers from outside of content that was protected with it. */
struct branding_limits {
    const char *name;
    int64_t expiry_days; /* after protection; 0: never */
    uint32_t sign_ins;   /* 1 << enum sign_in; 0: any */
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
    const struct principal *do_not_track; /* groups that aren't shown in tracking */
    size_t do_not_track_count;
    bool has_unread_do_not_track;            /* one that can't be read, so no member is shown */
    const struct template_policy *templates; /* sorted by id */
    size_t template_count;
    const struct exclusion *exclusions;
    size_t exclusion_count;
    const struct super_user *super_users;
    size_t super_user_count;
    const struct tenant_id *partners; /* tenants whose readers open our content natively */
    size_t partner_count;
    const struct denial *denials; /* sorted by relations/denial.h; of another boundary's tenant
                                     only those of content */
    size_t denial_count;
    bool has_unread_denial;                  /* one that can't be read, so everybody is denied */
    const struct branding_limits *brandings; /* sorted by name */
    size_t branding_count;
    bool has_directory;          /* users or groups were ever put into it */
    bool has_signals;            /* identity providers were ever let signal about its people */
    bool needs_bound_users;      /* its users' tokens must be bound to a key (RFC 9449, RFC 8705) */
    bool needs_bound_components; /* its components' tokens must be bound to their certificate */
    bool has_passcodes_off;      /* nobody reads its content by a one-time passcode */
    uint32_t approvals;          /* 1 << enum approval_operation */
    uint32_t switches;           /* enum tenant_switch */
    enum transport_decryption transport_decryption;
    struct tenant_limits limits;
};

/* Whether a normalized domain is one of the tenant's verified ones. */
bool tenant_has_domain(const struct tenant_view *tenant, const char *domain);
/* NULL when the tenant has no such template. */
const struct template_policy *tenant_find_template(const struct tenant_view *tenant,
                                                   struct template_id id);
/* Whether content of this tenant opens natively for members of that one across a boundary. */
bool tenant_has_partner(const struct tenant_view *tenant, struct tenant_id reader);
/* NULL when the tenant has none of this name. */
const struct branding_limits *tenant_find_branding(const struct tenant_view *tenant,
                                                   const char *name);
bool tenant_has_switched(const struct tenant_view *tenant, enum tenant_switch which);
/* Whether a second admin must approve. */
bool tenant_needs_approval(const struct tenant_view *tenant, enum approval_operation operation);

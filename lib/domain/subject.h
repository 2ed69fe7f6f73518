/* SPDX-License-Identifier: Apache-2.0 */
/* Who is calling, as proven: a user, a component, or a component for a user. A value; whoever made it
 * owns the strings. */
#pragma once

#include "base/ids.h"

enum { SUBJECT_ADDRESSES_MAX = 16, SUBJECT_GROUPS_MAX = 512 };

/* Roles by the numbers of chancery.v1.Role. */
enum role {
    ROLE_NONE = 0,
    ROLE_GATEWAY = 1,
    ROLE_PORTAL = 2,
    ROLE_DECRYPTOR = 3,
    ROLE_CLIENT = 4,
    ROLE_TENANT_ADMIN = 5,
    ROLE_AUDITOR = 6,
    ROLE_PLATFORM_ADMIN = 7,
    ROLE_PUBLIC = 8,
};
enum { ROLE_LAST = ROLE_PUBLIC };

/* "gateway", "tenant-admin", …; "none" for numbers out of range. */
const char *role_name(enum role role);
/* ROLE_NONE when there is no such name. */
enum role role_parse(struct slice name);

/* The reader's boundary when the user belongs to no known tenant. */
#define BOUNDARY_EXTERNAL "external"

struct subject_user {
    const char *addresses[SUBJECT_ADDRESSES_MAX]; /* normalized and proven; the primary one first */
    size_t address_count;                         /* 0: no user takes part */
    const char *groups[SUBJECT_GROUPS_MAX];       /* normalized addresses of groups */
    size_t group_count;
    struct tenant_id tenant; /* zero: a member of no known tenant */
    const char *tenant_name; /* short name; "" without a tenant */
    const char *boundary;    /* BOUNDARY_EXTERNAL without a tenant */
    bool is_guest;           /* of `tenant`: no member, so `tenant:` grants don't reach him */
};

struct subject_component {
    struct component_id id;
    const char *name; /* "": no component takes part */
    enum role role;
    struct tenant_id tenant;           /* zero: the platform's own */
    const char *boundary;              /* "": any */
    const char *const *sender_domains; /* for whose senders a gateway protects; normalized */
    size_t sender_domain_count;
};

struct subject {
    struct subject_user user;
    struct subject_component component;
    const char *application; /* what the client says of itself; "" if nothing */
    const char *platform;
};

static inline bool subject_has_user(const struct subject *subject)
{
    return subject->user.address_count > 0;
}

static inline bool subject_has_component(const struct subject *subject)
{
    return subject->component.role != ROLE_NONE;
}

/* Whether one of the user's addresses is this (normalized) one. */
bool subject_is_user(const struct subject *subject, const char *address);

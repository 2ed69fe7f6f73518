/* SPDX-License-Identifier: Apache-2.0 */
/* Who is calling, as proven: a user, a component, or a component for a user. A value; whoever made it
 * owns the strings. */
#pragma once

#include "base/arena.h"
#include "base/ids.h"

enum {
    SUBJECT_ADDRESSES_MAX =
        128,                   /* what a token proves and the directory adds: at most 100 aliases */
    SUBJECT_GROUPS_MAX = 4096, /* over tokens and directories; more is refused, never cut off */
};

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
    const char *const *groups; /* normalized addresses of groups, nested ones included; sorted */
    size_t group_count;
    struct tenant_id tenant; /* zero: a member of no known tenant */
    const char *tenant_name; /* short name; "" without a tenant */
    const char *boundary;    /* BOUNDARY_EXTERNAL without a tenant */
    bool is_guest;           /* of `tenant`: no member, so `tenant:` grants don't reach him */
    bool is_maybe_guest;     /* the directory that says so is another boundary's */
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

/* Of his tenant, for certain: what only members get needs that. */
static inline bool user_is_member(const struct subject_user *user)
{
    return !ID_IS_ZERO(user->tenant) && !user->is_guest && !user->is_maybe_guest;
}

static inline bool subject_has_component(const struct subject *subject)
{
    return subject->component.role != ROLE_NONE;
}

/* Whether one of the user's addresses is this (normalized) one. */
bool subject_is_user(const struct subject *subject, const char *address);
/* Whether the user is in this group. */
bool user_in_group(const struct subject_user *user, const char *group);

struct tenant_view;
/* Add what a tenant says of the user: groups, and aliases. Only names in the tenant's verified domains are
 * taken over, whoever wrote them down. Borrows the names. R_TOO_MANY_GROUPS, R_ARENA_EXHAUSTED. */
MUST rc user_add_groups(struct arena *arena, struct subject_user *user,
                        const struct tenant_view *tenant, const char *const *groups, size_t count,
                        struct err *err);
/* Aliases beyond SUBJECT_ADDRESSES_MAX are left out: less is granted. */
void user_add_aliases(struct subject_user *user, const struct tenant_view *tenant,
                      const char *const *aliases, size_t count);

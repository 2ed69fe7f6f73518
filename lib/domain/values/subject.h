/* SPDX-License-Identifier: Apache-2.0 */
/* Who is calling, as proven: a user, a component, or a component for a user. A value; whoever
 * made it owns the strings. */
#pragma once

#include "base/ids.h"
#include "domain/values/role.h"
#include "domain/values/sign_in.h"

enum {
    /* What a token proves and the directory adds: at most 100 aliases. */
    SUBJECT_ADDRESSES_MAX = 128,
    SUBJECT_GROUPS_MAX = 4096, /* over tokens and directories; more is refused, never cut off */
};

struct subject_user {
    const char *addresses[SUBJECT_ADDRESSES_MAX]; /* normalized and proven; the primary one first */
    size_t address_count;                         /* 0: no user takes part */
    const char *const *groups; /* normalized addresses of groups, nested ones included; sorted */
    size_t group_count;
    struct tenant_id tenant; /* zero: a member of no known tenant */
    const char *tenant_name; /* short name; "" without a tenant */
    const char *boundary;    /* BOUNDARY_EXTERNAL without a tenant */
    bool is_guest;           /* of `tenant`: no member, so `tenant:` grants don't reach them */
    bool is_maybe_guest;     /* the directory that says so is another boundary's */
    enum sign_in sign_in;    /* by what the token was given */
    /* Who has shown a one-time passcode is somebody for this content and behind this portal; else zero. */
    struct content_id only_content;
    struct component_id only_portal;
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

bool subject_has_user(const struct subject *subject);
/* Whether the user is known by a one-time passcode alone. */
bool subject_user_is_by_passcode(const struct subject_user *user);
bool subject_has_component(const struct subject *subject);
/* Whether one of the user's addresses is this (normalized) one. */
bool subject_is_user(const struct subject *subject, const char *address);
bool subject_user_has_address(const struct subject_user *user, const char *address);

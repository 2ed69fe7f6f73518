/* SPDX-License-Identifier: Apache-2.0 */
/* What a publisher certificate says: who may protect without asking, for whom, by which policies, and in
 * which days (docs/policy.md §5.7). A value; whoever read it owns the strings. */
#pragma once

#include "base/clock.h"
#include "base/ids.h"
#include "domain/values/policy.h"

enum {
    PUBLISHER_DAYS = 7,            /* how long a certificate is good */
    PUBLISHER_NAMES_MAX = 128,     /* addresses, and domains */
    PUBLISHER_TEMPLATES_MAX = 100, /* that a certificate names */
    PUBLISHER_SKEW_S = 300,        /* how far a publisher's clock may be from ours */
};

struct publisher {
    struct uuid serial;
    struct tenant_id tenant;
    const char *boundary;
    const char *name;              /* who protects: a user's address, or a component's id */
    struct component_id component; /* that got the certificate; zero: a user's own client */
    const char *const *addresses;  /* a user's: they own what they protect */
    size_t address_count;          /* 0: a component that protects for others */
    const char *const *others;     /* a user's other addresses, by which they may be shut out */
    size_t other_count;
    const char *const *domains; /* of the owners for whom such a component protects */
    size_t domain_count;
    bool has_any_template;               /* of the tenant */
    const struct template_id *templates; /* else these */
    size_t template_count;
    uint32_t kinds;            /* of policies: 1 << enum policy_kind */
    uint32_t exchange_version; /* of the key to which licenses are encrypted */
    struct unix_time issued_at, expires_at;
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Boundaries and the rules that admins set between them, as one immutable value per worker.
 * Pure. */
#pragma once

#include "base/ids.h"

/* The reader's boundary when the user belongs to no known tenant. */
#define BOUNDARY_EXTERNAL "external"

/* By the numbers of chancery.v1.DeliveryRule. */
enum delivery { DELIVERY_NATIVE = 1, DELIVERY_PORTAL = 2, DELIVERY_BLOCK = 3 };
/* By the numbers of chancery.v1.CryptoSuite. */
enum suite { SUITE_P256 = 1, SUITE_P384 = 2 };

struct boundary {
    const char *name;
    enum suite suite;
    bool needs_fips;
    const char *authority_url; /* may be "" */
    const char *portal_url;    /* may be "" */
    bool is_served;            /* by this node */
};

/* A rule that an admin set; relations/boundary_rule.h knows what holds where none is set. */
struct boundary_rule {
    const char *content, *reader;
    enum delivery delivery;
};

struct platform_view {
    const struct boundary *boundaries;
    size_t boundary_count;
    const struct boundary_rule *rules;
    size_t rule_count;
};

/* Who is to read: their boundary, and their tenant if they are a member of one (zero: none). */
struct reader {
    const char *boundary;
    struct tenant_id tenant;
    const char *tenant_name; /* short name, of a guest's tenant too; "" without one */
    bool is_kept_away;       /* their own tenant denies them what is sent (relations/denial.h) */
};

/* Of no tenant that is known. */
#define READER_OUTSIDE \
    ((struct reader){.boundary = BOUNDARY_EXTERNAL, .tenant = TENANT_PLATFORM, .tenant_name = ""})

/* NULL when no boundary has this name. */
const struct boundary *boundary_find(const struct platform_view *platform, const char *name);
/* Where a boundary's portal is; "" when it has none, or is unknown. Lends. */
const char *boundary_portal_url(const struct platform_view *platform, const char *name);
/* A tenant's name, but not BOUNDARY_EXTERNAL. */
bool boundary_name_is_valid(struct slice name);

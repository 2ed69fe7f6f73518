/* SPDX-License-Identifier: Apache-2.0 */
/* Boundaries and the rules between them, as one immutable value per worker. Pure. */
#pragma once

#include "base/ids.h"
#include "base/slice.h"

/* By the numbers of chancery.v1.DeliveryRule. */
enum delivery { DELIVERY_NATIVE = 1, DELIVERY_PORTAL = 2, DELIVERY_BLOCK = 3 };
/* By the numbers of chancery.v1.Channel. */
enum channel { CHANNEL_NONE = 0, CHANNEL_NATIVE = 1, CHANNEL_PORTAL = 2 };
/* By the numbers of chancery.v1.CryptoSuite. */
enum suite { SUITE_P256 = 1, SUITE_P384 = 2 };

const char *channel_name(enum channel channel);

struct boundary {
    const char *name;
    enum suite suite;
    bool needs_fips;
    const char *authority_url; /* may be "" */
    const char *portal_url;    /* may be "" */
    bool is_served;            /* by this node */
};

/* An explicit rule; where there is none, boundary_rule knows the built-in ones. */
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

/* NULL when there is none. */
const struct boundary *boundary_find(const struct platform_view *platform, const char *name);
/* What (content's boundary → reader's boundary) allows: an admin's rule, else the built-in ones: same
 * → native, commercial ↔ gcc → native, everything else → portal. */
enum delivery boundary_rule(const struct platform_view *platform, const char *content,
                            const char *reader);
/* Who is to read: his boundary, and his tenant if he is a member of one (zero: none). */
struct reader {
    const char *boundary;
    struct tenant_id tenant;
};

struct tenant_view;
/* How content of a tenant reaches a reader: by the rule between their boundaries, where a partner exception
 * makes `native` of `portal`. It never lifts a `block`, which is the operator's word. */
enum delivery decide_delivery(const struct platform_view *platform,
                              const struct tenant_view *content, const struct reader *reader);
/* `[a-z][a-z0-9-]{0,62}`, and not "external". */
bool boundary_name_is_valid(struct slice name);

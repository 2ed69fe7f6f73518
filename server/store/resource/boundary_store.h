/* SPDX-License-Identifier: Apache-2.0 */
/* Boundaries as admins see them, the rules between them, and whose a reader's mail domain is.
 * Changes are one transaction each: the change, the platform's raised epoch, the audit row. */
#pragma once

#include "domain/values/boundary.h"
#include "store/audit_who.h"
#include "store/pg/store.h"

enum { BOUNDARIES_MAX = 100 }; /* every worker holds them all, and rules for each pair */

struct boundary_row {
    const char *name;
    const char *display_name;
    enum suite suite;
    bool fips;
    const char *authority_url; /* may be "" */
    const char *portal_url;    /* may be "" */
    bool built_in;
};

struct boundary_op {
    struct store_op op;
    struct audit_who who;
    struct boundary_row *rows; /* what was found or stored */
    size_t count;
    struct boundary_rule *rules;
    size_t rule_count;
};

/* R_ALREADY_EXISTS; R_LIMIT_EXCEEDED beyond BOUNDARIES_MAX. */
void boundary_store_create(struct boundary_op *op, const struct boundary_row *row);
/* What changes; the rest stays. */
struct boundary_change {
    const char *name;
    const char *display_name, *authority_url, *portal_url; /* NULL: stays */
    enum suite suite;                                      /* 0: stays */
    bool sets_fips, fips;
};
/* Fills op->rows[0]. R_PRECONDITION_FAILED: the suite would change while the boundary has
 * tenants. */
void boundary_store_update(struct boundary_op *op, const struct boundary_change *change);
/* One, with the rules for its content that an admin has set; op->count 0: there is none of this
 * name. */
void boundary_store_get(struct boundary_op *op, const char *name);
/* Those after a name, with the rules for their content that an admin has set. */
void boundary_store_list(struct boundary_op *op, const char *after, size_t limit);
/* `delivery` 0: back to the built-in rule. */
void boundary_store_set_rule(struct boundary_op *op, const struct boundary_rule *rule);

/* What an operator should know about the boundaries of this node. */
struct boundary_checks {
    struct store_op op;
    struct boundary_check {
        const char *name;
        bool needs_fips;
        bool is_granted; /* our database role sees it */
    } * rows;
    size_t count;
};
void boundary_store_check(struct boundary_checks *check);

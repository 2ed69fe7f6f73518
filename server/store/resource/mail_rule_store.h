/* SPDX-License-Identifier: Apache-2.0 */
/* Mail-flow rules as an admin sees them. Changes are one statement each, as in
 * store/resource/change.h. */
#pragma once

#include "store/resource/change.h"

struct mail_rule_row {
    struct rule_id id;
    int32_t position; /* from 1 */
    const char *name;
    int16_t mode;
    struct slice definition;        /* a packed chancery.v1.Rule: conditions, exceptions, actions */
    struct template_id template_id; /* by which it protects; zero: none */
    const char *branding;           /* that it names; NULL: none */
    int32_t value_count, pattern_count;
    int64_t mark; /* of its state (base/ids.h) */
    int64_t created_at, updated_at;
};

/* row->position: where it goes; 0: behind all others. R_ALREADY_EXISTS for its name,
 * R_LIMIT_EXCEEDED, R_TEMPLATE_NOT_FOUND for one that is archived, too; R_BRANDING_NOT_FOUND. */
void mail_rule_store_create(struct change_op *op, const struct mail_rule_row *row);
/* The same; row->mark must be what is stored, else R_NOT_FOUND. The position stays. */
void mail_rule_store_update(struct change_op *op, const struct mail_rule_row *row);
void mail_rule_store_delete(struct change_op *op, struct rule_id id);
/* What evaluating a message reads: all rules of a tenant, in their order. */
struct mail_rules_load {
    struct store_op op;
    struct tenant_id tenant;
    int64_t epoch;              /* of the tenant, at which they are so */
    struct mail_rule_row *rows; /* id, name, mode and definition */
    size_t count;
};
void mail_rule_store_load(struct mail_rules_load *load);

/* Who is in which of the groups that rules name. */
struct rule_groups_find {
    struct store_op op;
    struct tenant_id tenant;
    const char *const *domains; /* verified ones of the tenant */
    size_t domain_count;
    int64_t epoch; /* of the directory's scope */
    struct rule_membership {
        const char *person, *group;
    } * rows; /* sorted by both, as bytes */
    size_t count;
};
void mail_rule_store_find_groups(struct rule_groups_find *find, const char *const *addresses,
                                 size_t address_count, const char *const *groups,
                                 size_t group_count);
/* All rules of the tenant, as texts; else R_NOT_FOUND. */
void mail_rule_store_reorder(struct change_op *op, const char *const *ids, size_t count);
/* These change places among themselves; names that no rule has are passed over. R_NOT_FOUND when one is given twice. */
void mail_rule_store_order_names(struct change_op *op, const char *const *names, size_t count);
/* In their order, from behind `after` in it. Zero `only`: any. Fills op->mail_rules. */
void mail_rule_store_list(struct change_op *op, struct rule_id only, int32_t after,
                          struct rule_id after_rule, size_t limit);

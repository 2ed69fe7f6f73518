/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/mail_rule_store.h"

#include "domain/rules/rule.h"
#include "store/resource/change_submit.h"

/* --- changes ---------------------------------------------------------------------------------- */

static struct sql_mail_rule values_of(const struct mail_rule_row *row)
{
    return (struct sql_mail_rule){
        .name = row->name,
        .mode = row->mode,
        .definition = row->definition,
        .template = row->template_id,
        .branding = row->branding,
        .value_count = row->value_count,
        .pattern_count = row->pattern_count,
    };
}

static const struct sql_mail_rule_limits MOST = {
    .rules = RULES_MAX,
    .value_count = RULES_VALUES_MAX,
    .pattern_count = RULES_PATTERNS_MAX,
    .bytes = RULES_BYTES_MAX,
};

/* What a change answers: a place from 1, or what doesn't hold. */
static rc check_place(int32_t place, struct err *err)
{
    ENSURE(place != 0, err, R_TEMPLATE_NOT_FOUND);
    ENSURE(place > 0, err, R_BRANDING_NOT_FOUND);
    return OK;
}

static rc read_created(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_create_mail_rule_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_create_mail_rule_read(base->arena, r, 0, &row, err));
    return check_place(row.position, err);
}

void mail_rule_store_create(struct change_op *op, const struct mail_rule_row *row)
{
    struct pg_params p = sql_create_mail_rule(
        op->op.arena, &(struct sql_create_mail_rule){.act = change_begin(op, "create_rule"),
                                                     .rule = row->id,
                                                     .position = row->position,
                                                     .values = values_of(row),
                                                     .most = MOST});
    change_submit(op, &p, read_created);
}

static rc read_updated(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_update_mail_rule_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_update_mail_rule_read(base->arena, r, 0, &row, err));
    return check_place(row.position, err);
}

void mail_rule_store_update(struct change_op *op, const struct mail_rule_row *row)
{
    struct pg_params p = sql_update_mail_rule(
        op->op.arena, &(struct sql_update_mail_rule){.act = change_begin(op, "update_rule"),
                                                     .rule = row->id,
                                                     .mark = row->mark,
                                                     .values = values_of(row),
                                                     .most = MOST});
    change_submit(op, &p, read_updated);
}

void mail_rule_store_delete(struct change_op *op, struct rule_id id)
{
    struct pg_params p = sql_delete_mail_rule(
        op->op.arena,
        &(struct sql_delete_mail_rule){.act = change_begin(op, "delete_rule"), .rule = id});
    change_submit(op, &p, change_read_done);
}

void mail_rule_store_reorder(struct change_op *op, const char *const *ids, size_t count)
{
    struct pg_params p = sql_reorder_mail_rules(
        op->op.arena, &(struct sql_reorder_mail_rules){.act = change_begin(op, "reorder_rules"),
                                                       .rules = {ids, count}});
    change_submit(op, &p, change_read_done);
}

void mail_rule_store_order_names(struct change_op *op, const char *const *names, size_t count)
{
    struct pg_params p = sql_order_mail_rules_by_name(
        op->op.arena, &(struct sql_order_mail_rules_by_name){
                          .act = change_begin(op, "reorder_rules"), .wanted = {names, count}});
    change_submit(op, &p, change_read_done);
}

/* --- reading ---------------------------------------------------------------------------------- */

static rc read_rules(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    (void)index;
    op->mail_rule_count = (size_t)PQntuples(r);
    op->mail_rules = ARENA_ARRAY(base->arena, struct mail_rule_row, op->mail_rule_count + 1);
    ARENA_ENSURE(op->mail_rules, err);
    for (size_t i = 0; !pg_list_ends(base, i, &op->mail_rule_count); i++) {
        struct sql_list_mail_rules_row row;
        TRY(sql_list_mail_rules_read(base->arena, r, (int)i, &row, err));
        op->mail_rules[i] = (struct mail_rule_row){
            .id = row.rule,
            .position = row.position,
            .name = row.name,
            .mode = row.mode,
            .definition = row.definition,
            .mark = row.mark,
            .created_at = row.created_at,
            .updated_at = row.updated_at,
        };
    }
    return OK;
}

void mail_rule_store_list(struct change_op *op, struct rule_id only, int32_t after,
                          struct rule_id after_rule, size_t limit)
{
    struct pg_params p =
        sql_list_mail_rules(op->op.arena, &(struct sql_list_mail_rules){.tenant = op->scope,
                                                                        .only = only,
                                                                        .after = after,
                                                                        .after_rule = after_rule,
                                                                        .limit = (int64_t)limit});
    change_submit(op, &p, read_rules);
}

/* --- evaluating ------------------------------------------------------------------------------- */

static rc read_loaded(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct mail_rules_load *load = LIST_ENTRY(op, struct mail_rules_load, op);
    size_t rows = (size_t)PQntuples(r);
    (void)index;
    ENSURE(rows > 0, err, R_DATABASE_ERROR);
    load->rows = ARENA_ARRAY(op->arena, struct mail_rule_row, rows);
    ARENA_ENSURE(load->rows, err);
    for (size_t i = 0; i < rows; i++) {
        struct sql_load_mail_rules_row row;
        TRY(sql_load_mail_rules_read(op->arena, r, (int)i, &row, err));
        load->epoch = row.epoch;
        if (row.name != NULL) {
            load->rows[load->count++] = (struct mail_rule_row){
                .id = row.rule, .name = row.name, .mode = row.mode, .definition = row.definition};
        }
    }
    return OK;
}

void mail_rule_store_load(struct mail_rules_load *load)
{
    struct pg_params p =
        sql_load_mail_rules(load->op.arena, &(struct sql_load_mail_rules){.tenant = load->tenant});
    load->count = 0;
    pg_submit_one(&load->op, &p, read_loaded);
}

static rc read_groups(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct rule_groups_find *find = LIST_ENTRY(op, struct rule_groups_find, op);
    size_t rows = (size_t)PQntuples(r);
    (void)index;
    ENSURE(rows > 0, err, R_DATABASE_ERROR);
    find->rows = ARENA_ARRAY(op->arena, struct rule_membership, rows);
    ARENA_ENSURE(find->rows, err);
    for (size_t i = 0; i < rows; i++) {
        struct sql_find_rule_groups_row row;
        TRY(sql_find_rule_groups_read(op->arena, r, (int)i, &row, err));
        find->epoch = row.epoch;
        if (row.person != NULL) {
            find->rows[find->count++] = (struct rule_membership){row.person, row.group_address};
        }
    }
    return OK;
}

void mail_rule_store_find_groups(struct rule_groups_find *find, const char *const *addresses,
                                 size_t address_count, const char *const *groups,
                                 size_t group_count)
{
    struct pg_params p =
        sql_find_rule_groups(find->op.arena, &(struct sql_find_rule_groups){
                                                 .tenant = find->tenant,
                                                 .addresses = {addresses, address_count},
                                                 .groups = {groups, group_count},
                                                 .domains = {find->domains, find->domain_count},
                                             });
    find->count = 0;
    find->op.party = find->tenant.u; /* it takes as long as the groups make it */
    pg_submit_one(&find->op, &p, read_groups);
}

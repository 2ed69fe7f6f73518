/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/boundary_store.h"

#include "store/resource/change_submit.h"

static struct pg_params begin(const struct boundary_op *op, const char *operation)
{
    return change_params(op->op.arena, TENANT_PLATFORM, operation, &op->who);
}

static rc read_rows(struct boundary_op *op, const PGresult *r, struct err *err)
{
    struct arena *arena = op->op.arena;
    op->count = (size_t)PQntuples(r);
    op->rows = ARENA_ARRAY(arena, struct boundary_row, op->count + 1);
    ARENA_ENSURE(op->rows, err);
    for (size_t i = 0; i < op->count; i++) {
        struct boundary_row *row = &op->rows[i];
        TRY(pg_text(arena, r, (int)i, 0, &row->name, err));
        TRY(pg_text(arena, r, (int)i, 1, &row->display_name, err));
        row->suite = (enum suite)pg_int(r, (int)i, 2);
        row->fips = pg_bool(r, (int)i, 3);
        TRY(pg_text(arena, r, (int)i, 4, &row->authority_url, err));
        TRY(pg_text(arena, r, (int)i, 5, &row->portal_url, err));
        row->built_in = pg_bool(r, (int)i, 6);
    }
    return OK;
}

/* --- changes ------------------------------------------------------------------------------------ */

void boundary_store_create(struct boundary_op *op, const struct boundary_row *row)
{
    struct pg_params p = begin(op, "create_boundary");
    pg_add_text(&p, row->name);
    pg_add_text(&p, row->display_name);
    pg_add_int2(&p, row->suite);
    pg_add_bool(&p, row->fips);
    pg_add_text(&p, row->authority_url);
    pg_add_text(&p, row->portal_url);
    pg_add_int8(&p, BOUNDARIES_MAX);
    pg_submit_one(&op->op, ST_create_boundary, &p, change_read_limited);
}

static rc read_updated(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    if (index == 0) {
        ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
        return OK;
    }
    ENSURE(PQntuples(r) == 1, err, R_PRECONDITION_FAILED);
    return read_rows(LIST_ENTRY(base, struct boundary_op, op), r, err);
}

void boundary_store_update(struct boundary_op *op, const struct boundary_change *change)
{
    struct pg_params name, p = begin(op, "update_boundary");
    pg_params_init(&name, op->op.arena);
    pg_add_text(&name, change->name);
    pg_add_text(&p, change->name);
    pg_add_text(&p, change->display_name);
    if (change->suite == 0) {
        pg_add_text(&p, NULL);
    } else {
        pg_add_int2(&p, change->suite);
    }
    if (change->sets_fips) {
        pg_add_bool(&p, change->fips);
    } else {
        pg_add_text(&p, NULL);
    }
    pg_add_text(&p, change->authority_url);
    pg_add_text(&p, change->portal_url);
    pg_submit(&op->op, &(struct pg_segment){.count = 2,
                                            .statements = {ST_lock_boundary, ST_update_boundary},
                                            .params = {&name, &p},
                                            .read = read_updated});
}

void boundary_store_set_rule(struct boundary_op *op, const struct boundary_rule *rule)
{
    static const char *const names[] = {"built-in", "native", "portal", "block"};
    struct pg_params p = begin(op, "set_rule");
    pg_add_text(&p, rule->content);
    pg_add_text(&p, rule->reader);
    pg_add_int2(&p, (int)rule->delivery);
    pg_add_text(&p, arena_printf(op->op.arena, "%s to %s: %s", rule->content, rule->reader,
                                 names[rule->delivery]));
    pg_submit_one(&op->op, ST_set_rule, &p, pg_read_nothing);
}

/* --- reading ------------------------------------------------------------------------------------ */

static rc read_rules(struct boundary_op *op, const PGresult *r, struct err *err)
{
    struct arena *arena = op->op.arena;
    op->rule_count = (size_t)PQntuples(r);
    op->rules = ARENA_ARRAY(arena, struct boundary_rule, op->rule_count + 1);
    ARENA_ENSURE(op->rules, err);
    for (size_t i = 0; i < op->rule_count; i++) {
        TRY(pg_text(arena, r, (int)i, 0, &op->rules[i].content, err));
        TRY(pg_text(arena, r, (int)i, 1, &op->rules[i].reader, err));
        op->rules[i].delivery = (enum delivery)pg_int(r, (int)i, 2);
    }
    return OK;
}

static rc read_list(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct boundary_op *op = LIST_ENTRY(base, struct boundary_op, op);
    return index == 0 ? read_rows(op, r, err) : read_rules(op, r, err);
}

void boundary_store_list(struct boundary_op *op, const char *after, size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_text(&p, after);
    pg_add_int8(&p, (int64_t)limit);
    pg_submit(&op->op, &(struct pg_segment){.count = 2,
                                            .statements = {ST_list_boundaries, ST_list_rules},
                                            .params = {&p, &p},
                                            .read = read_list});
}

static rc read_check(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct boundary_checks *check = LIST_ENTRY(op, struct boundary_checks, op);
    (void)index;
    check->count = (size_t)PQntuples(r);
    check->rows = ARENA_ARRAY(op->arena, struct boundary_check, check->count + 1);
    ARENA_ENSURE(check->rows, err);
    for (size_t i = 0; i < check->count; i++) {
        TRY(pg_text(op->arena, r, (int)i, 0, &check->rows[i].name, err));
        check->rows[i].needs_fips = pg_bool(r, (int)i, 1);
        check->rows[i].is_granted = pg_bool(r, (int)i, 2);
    }
    return OK;
}

void boundary_store_check(struct boundary_checks *check)
{
    struct pg_params p;
    pg_params_init(&p, check->op.arena);
    pg_submit_one(&check->op, ST_check_boundaries, &p, read_check);
}

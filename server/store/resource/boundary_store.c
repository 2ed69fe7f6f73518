/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/boundary_store.h"

#include "store/resource/change_submit.h"

/* Changes of boundaries are the platform's. */
static struct sql_act begin(const struct boundary_op *op, const char *operation)
{
    return change_act(TENANT_PLATFORM, operation, &op->who);
}

static struct boundary_row row_from(const struct sql_boundary *b)
{
    return (struct boundary_row){.name = b->name,
                                 .display_name = b->display_name,
                                 .suite = (enum suite)b->suite,
                                 .fips = b->fips,
                                 .authority_url = b->authority_url,
                                 .portal_url = b->portal_url,
                                 .built_in = b->built_in};
}

/* --- changes ---------------------------------------------------------------------------------- */

void boundary_store_create(struct boundary_op *op, const struct boundary_row *row)
{
    struct pg_params p = sql_create_boundary(op->op.arena, &(struct sql_create_boundary){
                                                               .act = begin(op, "create_boundary"),
                                                               .name = row->name,
                                                               .display_name = row->display_name,
                                                               .suite = row->suite,
                                                               .fips = row->fips,
                                                               .authority_url = row->authority_url,
                                                               .portal_url = row->portal_url,
                                                               .max = BOUNDARIES_MAX,
                                                           });
    pg_submit_one(&op->op, &p, change_read_done);
}

enum { UPDATE_LOCK, UPDATE_ITSELF };

static rc read_updated(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct boundary_op *op = LIST_ENTRY(base, struct boundary_op, op);
    struct sql_update_boundary_row row;
    if (index == UPDATE_LOCK) {
        ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
        return OK;
    }
    ENSURE(PQntuples(r) == 1, err, R_PRECONDITION_FAILED);
    TRY(sql_update_boundary_read(base->arena, r, 0, &row, err));
    op->rows = ARENA_NEW(base->arena, struct boundary_row);
    ARENA_ENSURE(op->rows, err);
    op->rows[0] = row_from(&row.boundary);
    op->count = 1;
    return OK;
}

void boundary_store_update(struct boundary_op *op, const struct boundary_change *change)
{
    struct arena *arena = op->op.arena;
    int16_t suite = change->suite;
    struct pg_params lock =
        sql_lock_boundary(arena, &(struct sql_lock_boundary){.name = change->name});
    struct pg_params update =
        sql_update_boundary(arena, &(struct sql_update_boundary){
                                       .act = begin(op, "update_boundary"),
                                       .name = change->name,
                                       .display_name = change->display_name,
                                       .suite = suite == 0 ? NULL : &suite,
                                       .fips = change->sets_fips ? &change->fips : NULL,
                                       .authority_url = change->authority_url,
                                       .portal_url = change->portal_url,
                                   });
    pg_submit(&op->op,
              &(struct pg_segment){.count = 2,
                                   .params = {[UPDATE_LOCK] = &lock, [UPDATE_ITSELF] = &update},
                                   .read = read_updated});
}

void boundary_store_set_rule(struct boundary_op *op, const struct boundary_rule *rule)
{
    static const char *const names[] = {"built-in", "native", "portal", "block"};
    struct pg_params p = sql_set_rule(
        op->op.arena, &(struct sql_set_rule){
                          .act = begin(op, "set_rule"),
                          .content_boundary = rule->content,
                          .reader_boundary = rule->reader,
                          .rule = (int16_t)rule->delivery,
                          .target = arena_printf(op->op.arena, "%s to %s: %s", rule->content,
                                                 rule->reader, names[rule->delivery]),
                      });
    pg_submit_one(&op->op, &p, pg_read_nothing);
}

/* --- reading ---------------------------------------------------------------------------------- */

enum { LIST_BOUNDARIES, LIST_RULES };

static rc read_boundaries(struct boundary_op *op, const PGresult *r, struct err *err)
{
    struct arena *arena = op->op.arena;
    op->count = (size_t)PQntuples(r);
    op->rows = ARENA_ARRAY(arena, struct boundary_row, op->count + 1);
    ARENA_ENSURE(op->rows, err);
    for (size_t i = 0; i < op->count; i++) {
        struct sql_list_boundaries_row row;
        TRY(sql_list_boundaries_read(arena, r, (int)i, &row, err));
        op->rows[i] = row_from(&row.boundary);
    }
    return OK;
}

static rc read_rules(struct boundary_op *op, const PGresult *r, struct err *err)
{
    struct arena *arena = op->op.arena;
    op->rule_count = (size_t)PQntuples(r);
    op->rules = ARENA_ARRAY(arena, struct boundary_rule, op->rule_count + 1);
    ARENA_ENSURE(op->rules, err);
    for (size_t i = 0; i < op->rule_count; i++) {
        struct sql_list_rules_row row;
        TRY(sql_list_rules_read(arena, r, (int)i, &row, err));
        op->rules[i] = (struct boundary_rule){.content = row.content_boundary,
                                              .reader = row.reader_boundary,
                                              .delivery = (enum delivery)row.rule};
    }
    return OK;
}

static rc read_list(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct boundary_op *op = LIST_ENTRY(base, struct boundary_op, op);
    return index == LIST_BOUNDARIES ? read_boundaries(op, r, err) : read_rules(op, r, err);
}

static void list(struct boundary_op *op, const char *only, const char *after, size_t limit)
{
    struct arena *arena = op->op.arena;
    struct pg_params boundaries = sql_list_boundaries(
        arena,
        &(struct sql_list_boundaries){.only = only, .after = after, .limit = (int64_t)limit});
    struct pg_params rules = sql_list_rules(
        arena, &(struct sql_list_rules){.only = only, .after = after, .limit = (int64_t)limit});
    pg_submit(&op->op, &(struct pg_segment){
                           .count = 2,
                           .params = {[LIST_BOUNDARIES] = &boundaries, [LIST_RULES] = &rules},
                           .read = read_list});
}

void boundary_store_get(struct boundary_op *op, const char *name)
{
    list(op, name, "", 1);
}

void boundary_store_list(struct boundary_op *op, const char *after, size_t limit)
{
    list(op, NULL, after, limit);
}

static rc read_checks(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct boundary_checks *checks = LIST_ENTRY(op, struct boundary_checks, op);
    (void)index;
    checks->count = (size_t)PQntuples(r);
    checks->rows = ARENA_ARRAY(op->arena, struct boundary_check, checks->count + 1);
    ARENA_ENSURE(checks->rows, err);
    for (size_t i = 0; i < checks->count; i++) {
        struct sql_check_boundaries_row row;
        TRY(sql_check_boundaries_read(op->arena, r, (int)i, &row, err));
        checks->rows[i] = (struct boundary_check){
            .name = row.name, .needs_fips = row.fips, .is_granted = row.is_granted};
    }
    return OK;
}

void boundary_store_check(struct boundary_checks *checks)
{
    struct pg_params p = sql_check_boundaries(checks->op.arena);
    pg_submit_one(&checks->op, &p, read_checks);
}

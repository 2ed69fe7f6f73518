/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/approval_store.h"

#include "store/resource/change_submit.h"

static rc read_changes(struct arena *arena, const struct sql_list_approvals_row *row,
                       struct approval_row *out, struct err *err)
{
    size_t count = row->change_fields.count;
    struct approval_change *changes = ARENA_ARRAY(arena, struct approval_change, count + 1);
    ARENA_ENSURE(changes, err);
    ENSURE(row->change_before.count == count && row->change_after.count == count, err, R_INTERNAL);
    for (size_t i = 0; i < count; i++) {
        changes[i] = (struct approval_change){
            row->change_fields.items[i], row->change_before.items[i], row->change_after.items[i]};
    }
    out->changes = changes;
    out->change_count = count;
    return OK;
}

static rc read_row(struct arena *arena, const PGresult *r, int i, struct approval_row *out,
                   struct err *err)
{
    struct sql_list_approvals_row row;
    TRY(sql_list_approvals_read(arena, r, i, &row, err));
    *out = (struct approval_row){
        .id = row.approval,
        .act = row.act,
        .operation = (enum approval_operation)row.operation,
        .request = row.request,
        .summary = row.summary,
        .changes_left_out = row.changes_left_out,
        .digest = row.digest,
        .asker_role = (enum role)row.requested_as,
        .asker = {.component = row.requested_by, .fingerprint = row.requested_with},
        .asker_name = row.requested_by_name,
        .requested_at = row.requested_at,
        .expires_at = row.expires_at,
        .state = (enum approval_state)row.state,
        .decider_name = row.decided_by_name,
        .decided_at = row.decided_at,
        .reader_registered_at = row.reader_registered_at,
    };
    return read_changes(arena, &row, out, err);
}

static rc read_rows(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct approval_list *list = LIST_ENTRY(op, struct approval_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct approval_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; !pg_list_ends(op, i, &list->count); i++) {
        TRY(read_row(op->arena, r, (int)i, &list->rows[i], err));
    }
    return OK;
}

void approval_store_list(struct approval_list *list)
{
    int64_t states[APPROVAL_STATES_MAX];
    for (size_t i = 0; i < list->state_count; i++) {
        states[i] = list->states[i];
    }
    struct pg_params p = sql_list_approvals(
        list->op.arena, &(struct sql_list_approvals){.tenant = list->tenant,
                                                     .only = list->only,
                                                     .states = {states, list->state_count},
                                                     .before = list->after,
                                                     .limit = (int64_t)list->limit,
                                                     .request_max = (int64_t)list->request_max,
                                                     .with_secret = list->with_secret,
                                                     .changes_max = (int64_t)list->changes_max,
                                                     .reader = list->reader});
    pg_submit_one(&list->op, &p, read_rows);
}

void approval_store_ask(struct change_op *op, const struct approval_row *row)
{
    struct sql_approval_change changes[APPROVAL_CHANGES_MAX];
    CH_ASSERT(row->change_count <= APPROVAL_CHANGES_MAX);
    for (size_t i = 0; i < row->change_count; i++) {
        changes[i] = (struct sql_approval_change){row->changes[i].field, row->changes[i].before,
                                                  row->changes[i].after};
    }
    struct pg_params p = sql_ask_approval(
        op->op.arena, &(struct sql_ask_approval){.act = change_begin(op, "request_approval"),
                                                 .approval = row->id,
                                                 .act_name = row->act,
                                                 .operation = row->operation,
                                                 .request = row->request,
                                                 .secret = row->secret,
                                                 .import = row->import,
                                                 .summary = row->summary,
                                                 .changes = {changes, row->change_count},
                                                 .changes_left_out = row->changes_left_out,
                                                 .digest = row->digest,
                                                 .requested_with = row->asker.fingerprint,
                                                 .requested_as = row->asker_role,
                                                 .days = APPROVAL_DAYS,
                                                 .pending_max = APPROVALS_PENDING_MAX});
    change_submit(op, &p, change_read_done);
}

void approval_store_close(struct change_op *op, struct approval_id id, enum approval_state state)
{
    const char *operation = state == APPROVAL_REJECTED ? "reject_request" : "withdraw_request";
    struct pg_params p = sql_close_approval(
        op->op.arena, &(struct sql_close_approval){
                          .act = change_begin(op, operation), .approval = id, .state = state});
    change_submit(op, &p, change_read_done);
}

static rc read_swept(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_sweep_approvals_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_sweep_approvals_read(op->arena, r, 0, &row, err));
    LIST_ENTRY(op, struct approval_sweep, op)->count = row.swept;
    return OK;
}

void approval_store_sweep(struct approval_sweep *sweep)
{
    struct pg_params p = sql_sweep_approvals(
        sweep->op.arena, &(struct sql_sweep_approvals){.max = APPROVALS_SWEPT_MAX});
    pg_submit_one(&sweep->op, &p, read_swept);
}

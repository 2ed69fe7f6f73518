/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/approval_store.h"

#include "store/resource/change_submit.h"

static rc read_row(struct arena *arena, const PGresult *r, int row, struct approval_row *out,
                   struct err *err)
{
    out->id.u = pg_uuid(r, row, 0);
    TRY(pg_text(arena, r, row, 1, &out->act, err));
    out->operation = (enum approval_operation)pg_int(r, row, 2);
    TRY(pg_bytes(arena, r, row, 3, &out->request, err));
    TRY(pg_text(arena, r, row, 4, &out->summary, err));
    out->asker.component.u = pg_uuid(r, row, 5);
    TRY(pg_text(arena, r, row, 6, &out->asker_name, err));
    TRY(pg_bytes(arena, r, row, 7, &out->asker.fingerprint, err));
    out->requested_at = pg_time(r, row, 8);
    out->expires_at = pg_time(r, row, 9);
    out->state = (enum approval_state)pg_int(r, row, 10);
    TRY(pg_text(arena, r, row, 11, &out->decider_name, err));
    out->decided_at = pg_time(r, row, 12);
    return OK;
}

static rc read_rows(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct approval_list *list = LIST_ENTRY(op, struct approval_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct approval_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_row(op->arena, r, (int)i, &list->rows[i], err));
    }
    return OK;
}

void approval_store_list(struct approval_list *list)
{
    struct pg_params p;
    struct pg_array states;
    pg_params_init(&p, list->op.arena);
    pg_add_uuid(&p, list->tenant.u);
    pg_add_uuid_or_null(&p, list->only.u);
    pg_array_begin(&states, &p, PG_INT8, list->state_count, list->state_count * 8);
    for (size_t i = 0; i < list->state_count; i++) {
        pg_array_int8(&states, list->states[i]);
    }
    pg_array_end(&states);
    pg_add_uuid_or_null(&p, list->after.u);
    pg_add_int8(&p, (int64_t)list->limit);
    pg_submit_one(&list->op, ST_list_approvals, &p, read_rows);
}

void approval_store_ask(struct change_op *op, const struct approval_row *row)
{
    struct pg_params p = change_params_of(op, "request_approval");
    pg_add_uuid(&p, row->id.u);
    pg_add_text(&p, row->act);
    pg_add_int2(&p, row->operation);
    pg_add_bytes(&p, row->request);
    pg_add_text(&p, row->summary);
    pg_add_bytes(&p, row->asker.fingerprint);
    pg_add_int4(&p, APPROVAL_DAYS);
    pg_add_int8(&p, APPROVALS_PENDING_MAX);
    change_submit(op, ST_ask_approval, &p, change_read_limited);
}

void approval_store_close(struct change_op *op, struct approval_id id, enum approval_state state)
{
    struct pg_params p =
        change_params_of(op, state == APPROVAL_REJECTED ? "reject_request" : "withdraw_request");
    pg_add_uuid(&p, id.u);
    pg_add_int2(&p, state);
    change_submit(op, ST_close_approval, &p, change_read_done);
}

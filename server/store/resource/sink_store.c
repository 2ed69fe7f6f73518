/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/sink_store.h"

#include "store/pg/pg_submit.h"
#include "store/resource/audit_row.h"

static rc read_lease(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sink_lease *lease = LIST_ENTRY(op, struct sink_lease, op);
    struct sql_sink_lease_row row;
    (void)index;
    lease->is_held = false;
    if (PQntuples(r) == 0) {
        return OK; /* another one's, which came between */
    }
    TRY(sql_sink_lease_read(op->arena, r, 0, &row, err));
    lease->is_held = row.is_held;
    lease->place = (struct sink_place){.at = row.at, .event = row.event};
    lease->asked_at = row.asked_at;
    lease->now = row.now;
    return OK;
}

void sink_store_lease(struct sink_lease *lease)
{
    struct pg_params p =
        sql_sink_lease(lease->op.arena, &(struct sql_sink_lease){.name = lease->name,
                                                                 .holder = lease->holder,
                                                                 .lease_s = lease->lease_s});
    pg_submit_one(&lease->op, &p, read_lease);
}

static rc read_page(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sink_page *page = LIST_ENTRY(op, struct sink_page, op);
    (void)index;
    page->count = (size_t)PQntuples(r);
    page->events = ARENA_ARRAY(op->arena, struct audit_event, page->count + 1);
    page->tenants = ARENA_ARRAY(op->arena, const char *, page->count + 1);
    ARENA_ENSURE(page->events, err);
    ARENA_ENSURE(page->tenants, err);
    for (size_t i = 0; !pg_list_ends(op, i, &page->count); i++) {
        struct sql_sink_follow_row row;
        TRY(sql_sink_follow_read(op->arena, r, (int)i, &row, err));
        page->events[i] = audit_event_from(&row.event);
        page->tenants[i] = row.tenant_name;
    }
    return OK;
}

void sink_store_page(struct sink_page *page)
{
    struct pg_params p = sql_sink_follow(page->op.arena, &(struct sql_sink_follow){
                                                             .after_at = page->after.at,
                                                             .after_event = page->after.event,
                                                             .before = page->before,
                                                             .limit = (int64_t)page->limit,
                                                         });
    pg_submit_one(&page->op, &p, read_page);
}

static rc read_moved(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)index;
    (void)err;
    LIST_ENTRY(op, struct sink_move, op)->is_held = PQntuples(r) == 1;
    return OK;
}

void sink_store_move(struct sink_move *move)
{
    struct pg_params p = sql_sink_move(move->op.arena, &(struct sql_sink_move){
                                                           .name = move->name,
                                                           .holder = move->holder,
                                                           .at = move->place.at,
                                                           .event = move->place.event,
                                                           .asked_at = move->asked_at,
                                                           .sent = move->sent,
                                                           .problem = move->problem,
                                                           .lease_s = move->lease_s,
                                                       });
    pg_submit_one(&move->op, &p, read_moved);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/audit_store.h"

#include "store/pg/pg_submit.h"

static rc read_event(struct arena *arena, const PGresult *r, int row, struct audit_event *e,
                     struct err *err)
{
    e->event.u = pg_uuid(r, row, 0);
    e->at = pg_time(r, row, 1);
    TRY(pg_text(arena, r, row, 2, &e->operation, err));
    e->granted = pg_bool(r, row, 3);
    TRY(pg_text(arena, r, row, 4, &e->reason, err));
    TRY(pg_text(arena, r, row, 5, &e->user, err));
    TRY(pg_text(arena, r, row, 6, &e->component, err));
    e->content.u = pg_uuid(r, row, 7);
    e->template.u = pg_uuid(r, row, 8);
    e->policy_version = pg_int(r, row, 9);
    TRY(pg_text(arena, r, row, 10, &e->rights, err));
    TRY(pg_text(arena, r, row, 11, &e->channel, err));
    TRY(pg_text(arena, r, row, 12, &e->power, err));
    TRY(pg_text(arena, r, row, 13, &e->client_address, err));
    TRY(pg_text(arena, r, row, 14, &e->user_agent, err));
    TRY(pg_text(arena, r, row, 15, &e->correlation_id, err));
    return pg_text(arena, r, row, 16, &e->target, err);
}

static rc read_events(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct audit_query *query = LIST_ENTRY(op, struct audit_query, op);
    (void)index;
    query->count = (size_t)PQntuples(r);
    query->events = ARENA_ARRAY(op->arena, struct audit_event, query->count + 1);
    ARENA_ENSURE(query->events, err);
    for (size_t i = 0; i < query->count; i++) {
        TRY(read_event(op->arena, r, (int)i, &query->events[i], err));
    }
    return OK;
}

void audit_store_query(struct audit_query *query)
{
    struct pg_params p;
    pg_params_init(&p, query->op.arena);
    pg_add_uuid(&p, query->tenant.u);
    pg_add_uuid_or_null(&p, query->content.u);
    pg_add_text(&p, query->user);
    pg_add_text(&p, query->reason);
    pg_add_text(&p, query->operation);
    pg_add_bool(&p, query->denied_only);
    pg_add_time(&p, query->from);
    pg_add_time(&p, query->before);
    pg_add_time(&p, query->after_at);
    pg_add_uuid_or_null(&p, query->after_event.u);
    pg_add_int8(&p, (int64_t)query->limit);
    pg_add_text(&p, query->power);
    pg_submit_one(&query->op, ST_audit_query, &p, read_events);
}

void audit_store_make_partitions(struct store_op *op)
{
    struct pg_params p;
    pg_params_init(&p, op->arena);
    pg_submit_one(op, ST_make_partitions, &p, pg_read_nothing);
}

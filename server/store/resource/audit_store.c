/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/audit_store.h"

#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

static rc read_event(struct arena *arena, const PGresult *r, int i, struct audit_event *out,
                     struct err *err)
{
    struct sql_audit_query_row row;
    TRY(sql_audit_query_read(arena, r, i, &row, err));
    *out = (struct audit_event){
        .event = row.event,
        .at = row.at,
        .operation = row.operation,
        .granted = row.granted,
        .reason = row.reason,
        .user = row.user_address,
        .component = row.component_name,
        .content = row.content,
        .template = row.template,
        .policy_version = row.policy_version,
        .rights = row.rights,
        .channel = row.channel,
        .power = row.power,
        .client_address = row.client_address,
        .user_agent = row.user_agent,
        .correlation_id = row.correlation_id,
        .target = row.target,
        .calls = row.calls,
    };
    return OK;
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
    struct pg_params p = sql_audit_query(query->op.arena, &(struct sql_audit_query){
                                                              .tenant = query->tenant,
                                                              .content = query->content,
                                                              .user_address = query->user,
                                                              .reason = query->reason,
                                                              .operation = query->operation,
                                                              .denied_only = query->denied_only,
                                                              .since = query->from,
                                                              .before = query->before,
                                                              .after_at = query->after_at,
                                                              .after_event = query->after_event,
                                                              .limit = (int64_t)query->limit,
                                                              .power = query->power,
                                                          });
    pg_submit_one(&query->op, &p, read_events);
}

void audit_store_add_summaries(struct audit_summaries *summaries)
{
    struct arena *arena = summaries->op.arena;
    struct sql_audit_summary *rows =
        ARENA_ARRAY(arena, struct sql_audit_summary, summaries->count + 1);
    for (size_t i = 0; rows != NULL && i < summaries->count; i++) {
        const struct audit_summary *from = &summaries->rows[i];
        rows[i] = (struct sql_audit_summary){
            .tenant = from->tenant,
            .event = from->event,
            .operation = from->operation,
            .reason = from->reason,
            .component = from->component,
            .component_name = from->component_name,
            .client_address = from->client_address,
            .user_agent = from->user_agent,
            .correlation_id = from->correlation_id,
            .target = from->target,
            .calls = from->calls,
        };
    }
    struct pg_params p = sql_audit_add_summaries(
        arena, &(struct sql_audit_add_summaries){.summaries = {rows, summaries->count}});
    pg_submit_one(&summaries->op, &p, pg_read_nothing);
}

void audit_store_make_partitions(struct store_op *op)
{
    struct pg_params p = sql_make_partitions(op->arena);
    pg_submit_one(op, &p, pg_read_nothing);
}

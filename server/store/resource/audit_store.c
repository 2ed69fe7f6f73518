/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/audit_store.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/pg/pg_submit.h"
#include "store/resource/audit_row.h"

/* Rows that one page looks at, at most: some 10 ms. */
enum { SCAN_MAX = 10000 };

static rc read_event(struct audit_query *query, const PGresult *r, size_t i, size_t *matches,
                     struct err *err)
{
    struct sql_audit_query_row row;
    TRY(sql_audit_query_read(query->op.arena, r, (int)i, &row, err));
    if (row.is_match) {
        query->events[(*matches)++] = audit_event_from(&row.event);
    }
    if (row.is_scan_end) {
        query->scanned_at = row.event.at;
        query->scanned_event = row.event.event;
        query->op.is_cut = true;
    }
    return OK;
}

static rc read_kept(struct audit_query *query, const PGresult *r, struct err *err)
{
    struct sql_audit_kept_row row;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_audit_kept_read(query->op.arena, r, 0, &row, err));
    query->kept_since = row.kept_since;
    return OK;
}

static rc read_events(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct audit_query *query = LIST_ENTRY(op, struct audit_query, op);
    if (index == 1) {
        return read_kept(query, r, err);
    }
    query->count = (size_t)PQntuples(r);
    query->events = ARENA_ARRAY(op->arena, struct audit_event, query->count + 1);
    ARENA_ENSURE(query->events, err);
    size_t matches = 0;
    for (size_t i = 0; !pg_list_ends(op, i, &query->count); i++) {
        TRY(read_event(query, r, i, &matches, err));
    }
    query->count = matches;
    return OK;
}

/* By what rows are found: by what is likely to leave fewest. What is granted, and licenses, are too many to
 * have an index of their own. */
static const char *lead_of(const struct audit_query *q)
{
    bool has_power = q->power != NULL, is_any_power = has_power && strcmp(q->power, POWER_ANY) == 0;
    const struct {
        bool is_asked;
        const char *lead;
    } leads[] = {
        {!ID_IS_ZERO(q->content), "content"},
        {q->user != NULL, "user"},
        {q->reason != NULL && strcmp(q->reason, "OK") != 0, "reason"},
        {has_power && !is_any_power, "power"},
        {q->operation != NULL && strcmp(q->operation, "acquire_license") != 0, "operation"},
        {has_power, "any_power"},
        {q->denied_only, "denied"},
        {true, "time"},
    };
    size_t i = 0;
    while (!leads[i].is_asked) {
        i++;
    }
    return leads[i].lead;
}

void audit_store_query(struct audit_query *query)
{
    struct pg_params p = sql_audit_query(query->op.arena, &(struct sql_audit_query){
                                                              .tenant = query->tenant,
                                                              .lead = lead_of(query),
                                                              .scan_max = SCAN_MAX,
                                                              .content = query->content,
                                                              .user_address = query->user,
                                                              .reason = query->reason,
                                                              .operation = query->operation,
                                                              .denied_only = query->denied_only,
                                                              .tracked_only = query->is_tracking,
                                                              .since = query->from,
                                                              .before = query->before,
                                                              .after_at = query->after_at,
                                                              .after_event = query->after_event,
                                                              .limit = (int64_t)query->limit,
                                                              .power = query->power,
                                                          });
    struct pg_params kept = sql_audit_kept(query->op.arena);
    pg_submit(&query->op,
              &(struct pg_segment){.count = 2, .params = {&p, &kept}, .read = read_events});
}

void audit_store_follow(struct audit_query *query)
{
    const bool is_behind = query->after_at != 0;
    struct pg_params p =
        sql_audit_follow(query->op.arena, &(struct sql_audit_follow){
                                              .tenant = query->tenant,
                                              .lead = lead_of(query),
                                              .scan_max = SCAN_MAX,
                                              .content = query->content,
                                              .user_address = query->user,
                                              .reason = query->reason,
                                              .operation = query->operation,
                                              .denied_only = query->denied_only,
                                              .tracked_only = query->is_tracking,
                                              .after_at = is_behind ? query->after_at : query->from,
                                              .after_event = query->after_event,
                                              .before = query->before,
                                              .limit = (int64_t)query->limit,
                                              .power = query->power,
                                          });
    query->scanned_at = 0;
    pg_submit_one(&query->op, &p, read_events);
}

static rc read_summary(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct access_summary *summary = LIST_ENTRY(op, struct access_summary, op);
    struct sql_summarize_access_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_summarize_access_read(op->arena, r, 0, &row, err));
    summary->opened = row.opened;
    summary->readers = row.readers;
    summary->refused = row.refused;
    summary->pre_licensed = row.pre_licensed;
    summary->first_open_at = row.first_open_at;
    summary->last_open_at = row.last_open_at;
    summary->last_refuse_at = row.last_refuse_at;
    summary->is_partial = row.is_partial;
    return OK;
}

void audit_store_summarize(struct access_summary *summary, struct tenant_id tenant,
                           struct content_id content)
{
    struct pg_params p = sql_summarize_access(
        summary->op.arena,
        &(struct sql_summarize_access){.tenant = tenant, .content = content, .scan_max = SCAN_MAX});
    pg_submit_one(&summary->op, &p, read_summary);
}

static rc read_settled(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct audit_settled *settled = LIST_ENTRY(op, struct audit_settled, op);
    struct sql_audit_settled_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_audit_settled_read(op->arena, r, 0, &row, err));
    ENSURE(row.hidden == 0, err, R_LOG_UNSETTLED);
    settled->settled = row.settled;
    settled->asked_at = row.asked_at;
    settled->kept_since = row.kept_since;
    settled->history = (struct audit_history){.number = row.number, .mark = row.mark};
    snprintf(settled->history.system, sizeof settled->history.system, "%s", row.system);
    snprintf(settled->history.timeline, sizeof settled->history.timeline, "%s", row.timeline);
    return OK;
}

void audit_store_settled(struct audit_settled *settled)
{
    struct pg_params p = sql_audit_settled(settled->op.arena);
    pg_submit_one(&settled->op, &p, read_settled);
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

static rc read_made(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct audit_partitions *partitions = LIST_ENTRY(op, struct audit_partitions, op);
    struct sql_make_partitions_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_make_partitions_read(op->arena, r, 0, &row, err));
    partitions->made = row.made;
    return OK;
}

void audit_store_make_partitions(struct audit_partitions *partitions)
{
    struct pg_params p = sql_make_partitions(partitions->op.arena);
    pg_submit_one(&partitions->op, &p, read_made);
}

static rc read_retained(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct audit_retention *retention = LIST_ENTRY(op, struct audit_retention, op);
    struct sql_retain_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_retain_read(op->arena, r, 0, &row, err));
    retention->did = row.did;
    return OK;
}

void audit_store_retain(struct audit_retention *retention)
{
    struct pg_params p =
        sql_retain(retention->op.arena, &(struct sql_retain){.event.u = uuid_v7(clock_unix_us())});
    pg_submit_one(&retention->op, &p, read_retained);
}

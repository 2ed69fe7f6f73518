/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_history.h"

#include <stdio.h>
#include <stdlib.h>

#include "obs/log.h"
#include "obs/metrics.h"
#include "store/pg/pg_conn.h"
#include "store/pg/pg_connect.h"
#include "store/pg/pg_schema.h"
#include "store/pg/pg_submit.h"
#include "store/pg/pg_timelines.h"
#include "store/sql/statements.gen.h"

enum {
    ANSWER_BUDGET = 4096,
    PEEK_MS = 1000, /* a look into memory */
};

static const char STATEMENT[] = "mark_history";

/* --- comparing -------------------------------------------------------------------------------- */

static const char *time_text(int64_t unix_us, char out[RFC3339_BYTES])
{
    clock_rfc3339(unix_us, out);
    return out;
}

/* What a server says, against what is known: by this worker, and of timelines by the whole node. */
enum relation {
    HISTORY_FIRST,   /* nothing is known */
    HISTORY_SAME,    /* cluster and timeline */
    HISTORY_LATER,   /* another primary has taken over */
    HISTORY_EARLIER, /* the primary before, which doesn't know that another has taken over */
    HISTORY_OTHER,   /* cluster */
};

/* Of a cluster: decimal digits. */
static uint64_t system_of(const char *text)
{
    return strtoull(text, NULL, 10);
}

/* They count up; eight hexadecimal digits of a segment's name. */
static uint32_t timeline_of(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 16);
}

static enum relation compare(const struct store *store, const struct sql_mark_history_row *row)
{
    const struct pg_history *known = &store->history;
    uint64_t system = system_of(row->system);
    uint32_t timeline = timeline_of(row->timeline);
    uint32_t latest = pg_timelines_latest(store->config.timelines, system);
    bool is_ours = known->is_known && system_of(known->system) == system;
    uint32_t ours = is_ours ? timeline_of(known->timeline) : latest;
    if (timeline < latest || timeline < ours) {
        return HISTORY_EARLIER;
    }
    if (known->is_known && !is_ours) {
        return HISTORY_OTHER;
    }
    return ours == 0 ? HISTORY_FIRST : timeline == ours ? HISTORY_SAME : HISTORY_LATER;
}

/* A host on the same timeline may be a copy that takes writes, such as a backup that was started by mistake. So where
 * connections work, none is made to another host, however slow theirs is. */
static bool is_same_server(const struct pg_conn *conn)
{
    const struct store *store = conn->store;
    return conn->route.host == store->good_host || !pg_lane_any_is_ready(store);
}

/* Whether this connection may tell all others of what it has found. Of another history only where a commit came to its end:
 * a standby that was promoted by mistake doesn't commit when its own standby is missing. And a scout, which is sent while the
 * database may be only slow, of none but one that goes on where ours was left. */
static bool may_tell(const struct pg_conn *conn, enum relation relation)
{
    if (pg_silence_is_scout(conn)) {
        return relation == HISTORY_LATER;
    }
    return relation == HISTORY_SAME ? is_same_server(conn)
                                    : relation == HISTORY_FIRST || conn->lane->info->commits;
}

/* A standby has become the primary, a backup was restored, or it is another cluster. What was lost
 * by that shows in the marks, but for the last minute. */
static void note_timeline(struct pg_history *known, const struct sql_mark_history_row *row,
                          const char *host)
{
    if (known->is_known) {
        metric_add(M_DB_HISTORY_CHANGES, "timeline", NULL, 1);
        log_event(LOG_WARNING, "db.other_history", F_USER("host", host),
                  F_USER("was_system", known->system), F_USER("system", row->system),
                  F_USER("was_timeline", known->timeline), F_USER("timeline", row->timeline),
                  F_STR("advice", "What the database before had not passed on is lost: revocations "
                                  "too. See docs/threat-model.md."));
    }
    known->generation++;
    snprintf(known->system, sizeof known->system, "%s", row->system);
    snprintf(known->timeline, sizeof known->timeline, "%s", row->timeline);
}

/* An answer may come after one that is newer, by another connection: only who asked after that knows
 * better. */
static void note_mark(struct pg_history *known, const struct sql_mark_history_row *row,
                      struct mono_time asked_at, struct mono_time now)
{
    char was[RFC3339_BYTES], is[RFC3339_BYTES];
    bool is_back = known->is_known && (row->number < known->number ||
                                       (row->number == known->number && row->mark != known->mark));
    if (is_back && asked_at.ns <= known->seen_at.ns) {
        return;
    }
    if (is_back) {
        metric_add(M_DB_HISTORY_CHANGES, "lost", NULL, 1);
        log_event(LOG_ERROR, "db.went_back", F_STR("was", time_text(known->marked_at, was)),
                  F_STR("is", time_text(row->previous_at, is)),
                  F_STR("advice", "All that was recorded between the two is lost: revocations and "
                                  "records too. See docs/threat-model.md."));
    }
    known->number = row->number;
    known->mark = row->mark;
    known->marked_at = row->marked_at;
    known->seen_at = now;
}

/* By how much the clocks differ at least: when within its round trip the answer was made, nobody knows. */
static void tell_clock(const struct sql_mark_history_row *row, struct mono_time asked_at)
{
    int64_t answered_us = clock_unix_us();
    int64_t asked_us = answered_us - (clock_mono().ns - asked_at.ns) / 1000;
    int64_t offset_us = row->said_at < asked_us      ? asked_us - row->said_at
                        : row->said_at > answered_us ? row->said_at - answered_us
                                                     : 0;
    metric_set(M_DB_CLOCK_OFFSET, NULL, NULL, offset_us * 1000);
}

/* By a connection that is being made, or by those that are there (NULL). */
static rc note(struct store *store, const struct pg_conn *conn, struct arena *arena,
               const PGresult *result, struct mono_time asked_at, struct err *err)
{
    struct sql_mark_history_row row;
    struct pg_history *known = &store->history;
    ENSURE(PQntuples(result) == 1, err, R_DATABASE_ERROR);
    TRY(sql_mark_history_read(arena, result, 0, &row, err));
    enum relation relation = compare(store, &row);
    if (relation == HISTORY_EARLIER) {
        FAIL(err, R_DATABASE_SUPERSEDED, "timeline %s, and a later one is known", row.timeline);
    }
    if (conn != NULL && !may_tell(conn, relation)) {
        FAIL(err, R_DATABASE_UNAVAILABLE, "system %s, timeline %s, and %s, %s is known", row.system,
             row.timeline, known->system, known->timeline);
    }
    if (!known->is_known || relation != HISTORY_SAME) {
        note_timeline(known, &row, conn == NULL ? "" : pg_connect_host(conn));
    }
    if (conn == NULL || conn->lane->info->commits) {
        pg_timelines_note(store->config.timelines, system_of(row.system),
                          timeline_of(row.timeline));
    }
    note_mark(known, &row, asked_at, loop_now(store->loop));
    tell_clock(&row, asked_at);
    known->is_known = true;
    return OK;
}

/* --- at every connection ---------------------------------------------------------------------- */

bool pg_history_ask(struct pg_conn *conn)
{
    conn->history_asked_at = loop_now(conn->store->loop);
    return PQsendQueryParams(conn->pg, pg_statement_find(STATEMENT)->sql, 0, NULL, NULL, NULL, NULL,
                             1) == 1;
}

rc pg_history_take(struct pg_conn *conn, const PGresult *result, struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(ANSWER_BUDGET);
    TRY(note(conn->store, conn, arena, result, conn->history_asked_at, err));
    conn->history = conn->store->history.generation;
    return OK;
}

bool pg_history_is_current(const struct pg_conn *conn)
{
    return conn->history == conn->store->history.generation;
}

/* Of two servers that answer at once, such as a primary that was given up and has not noticed, the one on the later
 * timeline counts; of two clusters the one to which a connection came about last. */
void pg_history_leave_others(struct pg_conn *conn)
{
    for (unsigned class = 0; class < STORE_CLASSES; class ++) {
        const struct pg_lane *lane = &conn->store->lanes[class];
        for (size_t i = 0; i < lane->conn_count; i++) {
            struct pg_conn *other = &lane->conns[i];
            if (other->state == PG_READY && !pg_history_is_current(other)) {
                pg_conn_lost(other, R_DATABASE_UNAVAILABLE);
            }
        }
    }
}

/* --- on connections that are there ------------------------------------------------------------ */

/* Since they were made a migration may have come that this program doesn't work with, or another worker may have seen a
 * failover. */
static enum reason problem_of(const struct store_op *op, const struct store *store)
{
    return op->err.reason == R_NONE                  ? pg_schema_problem(store->history.schema)
           : op->err.reason == R_DATABASE_SUPERSEDED ? R_DATABASE_SUPERSEDED
                                                     : R_NONE;
}

static void answered(struct store_op *op)
{
    struct store *store = op->user;
    enum reason problem = problem_of(op, store);
    store->history.is_asking = false;
    arena_reset(store->history.arena);
    if (problem != R_NONE) {
        pg_lane_lose_all(store, problem);
    }
}

static rc read_schema(struct store_op *op, const PGresult *result, struct err *err)
{
    struct store *store = op->user;
    struct sql_read_schema_range_row row;
    ENSURE(PQntuples(result) == 1, err, R_DATABASE_ERROR);
    TRY(sql_read_schema_range_read(op->arena, result, 0, &row, err));
    store->history.schema =
        (struct schema_range){.version = row.version, .works_with = row.works_with};
    return OK;
}

static rc read_answer(struct store_op *op, size_t index, const PGresult *result, struct err *err)
{
    struct store *store = op->user;
    return index == 0 ? note(store, NULL, op->arena, result, store->history.op_asked_at, err)
                      : read_schema(op, result, err);
}

static void ask(struct store *store)
{
    struct pg_history *history = &store->history;
    history->is_asking = true;
    history->op_asked_at = loop_now(store->loop);
    store_op_init(&history->op, store, history->arena, answered, store);
    struct pg_params mark = sql_mark_history(history->arena);
    struct pg_params schema = sql_read_schema_range(
        history->arena, &(struct sql_read_schema_range){.ours = schema_ours()});
    pg_submit(&history->op,
              &(struct pg_segment){.count = 2, .params = {&mark, &schema}, .read = read_answer});
}

static void on_timer(struct loop_timer *timer)
{
    struct pg_history *history = LIST_ENTRY(timer, struct pg_history, timer);
    struct store *store = LIST_ENTRY(history, struct store, history);
    loop_timer_arm(timer, store->config.history_ms);
    if (store_problem(store) == R_SCHEMA_TOO_NEW) {
        pg_lane_lose_all(store,
                         R_SCHEMA_TOO_NEW); /* a connection that was made anew has found it */
    } else if (!history->is_asking && pg_lane_is_ready(&store->lanes[STORE_READ])) {
        ask(store);
    }
}

/* Another worker of the node may have seen a failover that our connections don't show: the old primary is still there. */
static void on_peek(struct loop_timer *timer)
{
    struct pg_history *history = LIST_ENTRY(timer, struct pg_history, peek);
    struct store *store = LIST_ENTRY(history, struct store, history);
    uint32_t latest = pg_timelines_latest(store->config.timelines, system_of(history->system));
    loop_timer_arm(timer, PEEK_MS);
    if (latest > timeline_of(history->timeline)) {
        pg_lane_lose_all(store, R_DATABASE_SUPERSEDED);
    }
}

void pg_history_init(struct store *store)
{
    store->history.arena = arena_new(ANSWER_BUDGET);
    loop_timer_init(&store->history.timer, store->loop, on_timer);
    loop_timer_arm(&store->history.timer, store->config.history_ms);
    loop_timer_init(&store->history.peek, store->loop, on_peek);
    loop_timer_arm(&store->history.peek, PEEK_MS);
}

void pg_history_fini(struct store *store)
{
    if (store->history.is_asking) {
        store_op_cancel(&store->history.op);
    }
    loop_timer_fini(&store->history.timer);
    loop_timer_fini(&store->history.peek);
    arena_free(store->history.arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: connecting, the pipeline, and what happens when it breaks.
 *
 *               timer               connected       schema is ours       all prepared        committed
 *   DOWN or DUE ------> CONNECTING ------> CHECKING ---------> PREPARING --------> PROVING --------> READY
 *    ^                      |                  |                   |                  |               |
 *    +----------------------+-- pg_conn_lost --+-------------------+------------------+---------------+
 *     DUE: the next host at once,                                         pg_conn_fini: from any to CLOSED
 *     DOWN: back-off 0.1 to 1 s after all, or until a connection comes about at another host
 *
 * A spare connection begins RESTING, and rests again from DOWN or DUE when nobody waits in its lane, and
 * from READY after SPARE_MS without work.
 *
 * A commit may wait for ever, for a synchronous standby that is away, and no limit of the database ends
 * that, nor does the end of the connection. So a connection that was silent for longer than any statement
 * may take is given up (pg_silence.c) with its process: the next connection of the same place ends that (pg_setup.c).
 * And it takes no work before a commit has come to its end. Otherwise each try would leave one more
 * process behind, until the database has room for none.
 *
 * Only a READY connection takes segments. A segment is the statements of one operation and a sync,
 * so one transaction. It is written at once, behind those that wait for their answers, and answered
 * in order: per statement a result and a NULL, at the end PGRES_PIPELINE_SYNC, by which its request
 * is done. After an error the server skips the rest of the segment (PGRES_PIPELINE_ABORTED). When
 * the connection is lost nobody knows whether what was written was carried out, so every request in
 * flight ends with R_OUTCOME_UNKNOWN.
 *
 * libpq's traps: PQsocket may be another descriptor with the same number after each PQconnectPoll.
 * While PQflush says that something is left, both directions are watched, else both sides may wait
 * with full buffers. */
#include "store/pg/pg_conn.h"

#include "base/mem.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/pg/pg_connect.h"
#include "store/pg/pg_error.h"
#include "store/pg/pg_setup.h"
#include "store/pg/pg_silence.h"
#include "store/pg/pg_transaction.h"

enum {
    BACKOFF_MIN_MS = 100,
    /* A database that is back is to serve within 5 s, of which a silent host may take two (pg_connect.c). */
    BACKOFF_MAX_MS = 1000,
};

/* As labels; what is not open is not counted. */
static const char *const state_names[] = {
    [PG_DOWN] = "down",         [PG_DUE] = "connecting",      [PG_CONNECTING] = "connecting",
    [PG_CHECKING] = "checking", [PG_PREPARING] = "preparing", [PG_PROVING] = "proving",
    [PG_READY] = "ready",       [PG_RESTING] = NULL,          [PG_CLOSED] = NULL,
};

const char *pg_conn_state_name(enum pg_state state)
{
    return state_names[state];
}

static void count_state(enum pg_state state, int64_t by)
{
    if (state_names[state] != NULL) {
        metric_add(M_DB_CONNECTIONS, state_names[state], NULL, by);
    }
}

void pg_conn_set_state(struct pg_conn *conn, enum pg_state state)
{
    const struct store_config *config = &conn->store->config;
    bool is_other = (conn->state == PG_READY) != (state == PG_READY);
    count_state(conn->state, -1);
    conn->state = state;
    count_state(state, 1);
    if (is_other && config->changed != NULL) {
        config->changed(config->ctx);
    }
}

void pg_conn_no_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

/* --- its descriptor and its end ---------------------------------------------------------------- */

static void ready(struct loop_fd *fd, bool readable, bool writable);

void pg_conn_unwatch(struct pg_conn *conn)
{
    loop_fd_fini(&conn->watch);
    conn->watch.fd = -1;
}

void pg_conn_watch(struct pg_conn *conn, bool readable, bool writable)
{
    if (conn->watch.fd != PQsocket(conn->pg)) {
        pg_conn_unwatch(conn);
        loop_fd_init(&conn->watch, conn->store->loop, PQsocket(conn->pg), ready);
    }
    loop_fd_want(&conn->watch, readable, writable);
}

/* End what is in flight: it may be carried out or not. After the state has changed, because
 * `done` may submit again. */
static void fail_requests(struct list *requests)
{
    struct list *link;
    while ((link = list_pop(requests)) != NULL) {
        struct pg_request *request = LIST_ENTRY(link, struct pg_request, link);
        struct store_op *op = request->op;
        xfree(request);
        if (op != NULL) {
            /* Of a transaction that is not committed it is known: there is nothing. */
            enum reason reason =
                op->transaction == NULL ? R_OUTCOME_UNKNOWN : R_DATABASE_UNAVAILABLE;
            op->request = NULL;
            err_clear(&op->err);
            (void)err_raise(&op->err, reason, __FILE__, __LINE__, "connection lost");
            op->done(op);
        }
    }
}

/* Instead of DOWN it goes on at once with the next host of a round. A scout that has come round rests until it is sent. */
static enum pg_state state_after(struct pg_conn *conn, enum pg_state state)
{
    if (state == PG_DOWN && pg_connect_advance(conn)) {
        return PG_DUE;
    }
    return state == PG_DOWN && pg_silence_is_scout(conn) ? PG_RESTING : state;
}

/* Give up libpq's connection and go to DOWN, from which it goes on after the back-off, RESTING or CLOSED. */
static void drop(struct pg_conn *conn, enum pg_state state)
{
    struct list lost;
    list_init(&lost);
    loop_timer_cancel(&conn->timer);
    pg_connect_stop(conn);
    pg_conn_unwatch(conn);
    PQfinish(conn->pg);
    conn->pg = NULL;
    if (conn->transaction != NULL) {
        pg_transaction_lost(conn->transaction);
    }
    while (!list_is_empty(&conn->requests)) {
        list_append(&lost, list_pop(&conn->requests));
    }
    conn->in_flight = 0;
    pg_conn_set_state(conn, state_after(conn, state));
    if (conn->state == PG_DUE) {
        loop_timer_arm(&conn->timer, 0);
    } else if (conn->state == PG_DOWN) {
        loop_timer_arm(&conn->timer, conn->backoff_ms);
        conn->backoff_ms =
            conn->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : conn->backoff_ms * 2;
    }
    fail_requests(&lost);
}

void pg_conn_lost(struct pg_conn *conn, enum reason problem)
{
    /* Of a round over several hosts the one that says more: it isn't gone, it doesn't fit. */
    if (!conn->route.has_failed || problem != R_DATABASE_UNAVAILABLE) {
        conn->problem = problem;
    }
    conn->route.has_failed = true;
    if (conn->state == PG_READY) {
        log_event(LOG_WARNING, "db.connection_lost", F_STR("reason", reason_info(problem)->name),
                  F_INT("in_flight", conn->in_flight), F_STR("lane", conn->lane->info->word));
    }
    drop(conn, PG_DOWN);
    if (!conn->route.is_in_round) {
        pg_lane_lost(conn->lane, conn->problem);
    }
}

void pg_conn_begin_anew(struct pg_conn *conn)
{
    pg_connect_stop(conn);
    conn->route = (struct pg_route){.is_in_round = false};
    conn->backoff_ms = BACKOFF_MIN_MS;
    drop(conn, PG_DOWN);
    if (conn->state == PG_DOWN) {
        loop_timer_arm(&conn->timer, 0);
    }
}

void pg_conn_rest(struct pg_conn *conn)
{
    drop(conn, PG_RESTING);
}

static bool is_needed(const struct pg_conn *conn)
{
    return !conn->is_spare || pg_silence_is_scout(conn) || conn->lane->waiting.count > 0;
}

static void fire(struct loop_timer *timer)
{
    struct pg_conn *conn = LIST_ENTRY(timer, struct pg_conn, timer);
    bool connects = conn->state == PG_DOWN || conn->state == PG_DUE;
    if (connects && !is_needed(conn)) {
        conn->route.is_in_round = false; /* it begins anew, with the host that was good */
        pg_conn_set_state(conn, PG_RESTING);
    } else if (connects && conn->store->conninfo.host_count == 0) {
        pg_conn_lost(conn, R_CONFIG_INVALID);
    } else if (connects) {
        pg_connect_start(conn);
    } else if (conn->state == PG_READY && list_is_empty(&conn->requests)) {
        drop(conn, PG_RESTING);
    } else {
        pg_silence_fired(conn);
    }
}

/* --- the pipeline ----------------------------------------------------------------------------- */

void pg_conn_flush(struct pg_conn *conn)
{
    int left = PQflush(conn->pg);
    if (left < 0) {
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
        return;
    }
    pg_conn_watch(conn, true, left > 0);
}

static void finish(struct pg_conn *conn, struct pg_request *request)
{
    struct store_op *op = request->op;
    list_remove(&request->link);
    conn->in_flight--;
    int64_t took = loop_now(conn->store->loop).ns - request->sent_at.ns;
    metric_observe(M_DB_SECONDS, request->first->name, NULL, took);
    if (request->failed && conn->store->config.failed != NULL) {
        conn->store->config.failed(request->err.reason, conn->store->config.ctx);
    }
    if (op == NULL) {
        xfree(request);
        return;
    }
    op->request = NULL;
    op->err = request->err;
    xfree(request);
    op->done(op);
}

static void statement_failed(struct pg_conn *conn, struct pg_request *request,
                             const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    sqlstate = sqlstate == NULL ? "08006" : sqlstate;
    if (!request->failed) {
        request->failed = true;
        (void)err_raise(&request->err, pg_reason(sqlstate), __FILE__, __LINE__, "%s: SQLSTATE %s",
                        request->first->name, sqlstate);
    }
    if (conn->transaction != NULL) {
        pg_transaction_failed(conn->transaction, &request->err);
    }
}

static void take_result(struct pg_conn *conn, struct pg_request *request, const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR) {
        statement_failed(conn, request, result);
    } else if (status != PGRES_PIPELINE_ABORTED && !request->failed && request->op != NULL) {
        rc taken = request->read(request->op, request->at, result, &request->err);
        request->failed = !taken.ok;
    }
    request->at++;
}

/* False when there is nothing more to read now. */
static bool read_one(struct pg_conn *conn)
{
    if (conn->pg == NULL || PQisBusy(conn->pg)) {
        return false;
    }
    PGresult *result = PQgetResult(conn->pg);
    if (result == NULL) {
        /* Between two statements. A second NULL in a row means that nothing is in flight. */
        result = PQisBusy(conn->pg) ? NULL : PQgetResult(conn->pg);
    }
    if (result == NULL) {
        return false;
    }
    ExecStatusType status = PQresultStatus(result);
    if (conn->state != PG_READY) {
        status == PGRES_PIPELINE_SYNC ? pg_setup_synced(conn) : pg_setup_result(conn, result);
    } else if (list_is_empty(&conn->requests)) {
        /* An error that nobody asked for, such as "terminating connection". */
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
    } else {
        struct pg_request *request = LIST_ENTRY(conn->requests.next, struct pg_request, link);
        status == PGRES_PIPELINE_SYNC ? finish(conn, request) : take_result(conn, request, result);
    }
    PQclear(result);
    return true;
}

static void ready(struct loop_fd *fd, bool readable, bool writable)
{
    struct pg_conn *conn = LIST_ENTRY(fd, struct pg_conn, watch);
    (void)writable;
    if (conn->state == PG_CONNECTING) {
        pg_connect_go_on(conn);
        return;
    }
    if (readable && PQconsumeInput(conn->pg) != 1) {
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
        return;
    }
    while (read_one(conn)) {
    }
    if (conn->pg == NULL || conn->state == PG_CONNECTING) {
        return;
    }
    if (conn->state == PG_READY) {
        conn->backoff_ms = BACKOFF_MIN_MS;
        pg_lane_wake(conn->lane);
    }
    pg_silence_watch(conn);
    pg_conn_flush(conn);
}

static bool send_statements(struct pg_conn *conn, const struct pg_segment *segment)
{
    for (size_t i = 0; i < segment->count; i++) {
        static const int binary[] = {
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        };
        _Static_assert(sizeof binary / sizeof binary[0] == PG_PARAMS_MAX, "one for each");
        const struct pg_params *p = segment->params[i];
        if (PQsendQueryPrepared(conn->pg, p->statement->name, (int)p->statement->param_count,
                                p->values, p->lengths, binary, 1) != 1) {
            return false;
        }
    }
    return PQpipelineSync(conn->pg) == 1;
}

bool pg_conn_send(struct pg_conn *conn, struct store_op *op, const struct pg_segment *segment)
{
    if (!send_statements(conn, segment)) {
        return false;
    }
    struct pg_request *request = xcalloc(1, sizeof *request);
    *request = (struct pg_request){.op = op,
                                   .party = op->party,
                                   .read = segment->read,
                                   .first = segment->params[0]->statement,
                                   .sent_at = loop_now(conn->store->loop)};
    op->request = request;
    list_append(&conn->requests, &request->link);
    conn->in_flight++;
    if (conn->in_flight == 1) {
        pg_silence_watch(conn);
    }
    int left = PQflush(conn->pg);
    /* A failed flush is noticed as a lost connection when the loop reads. */
    pg_conn_watch(conn, true, left != 0);
    return true;
}

void pg_conn_init(struct pg_conn *conn, struct pg_lane *lane, bool is_spare)
{
    *conn = (struct pg_conn){.store = lane->store,
                             .lane = lane,
                             .is_spare = is_spare,
                             .state = PG_RESTING,
                             .watch = {.fd = -1},
                             .backoff_ms = BACKOFF_MIN_MS,
                             .problem = R_DATABASE_UNAVAILABLE};
    list_init(&conn->requests);
    loop_timer_init(&conn->timer, lane->store->loop, fire);
    if (!is_spare) {
        pg_conn_open(conn);
    }
}

void pg_conn_open(struct pg_conn *conn)
{
    CH_ASSERT(conn->state == PG_RESTING);
    pg_conn_set_state(conn, PG_DUE);
    loop_timer_arm(&conn->timer, 0);
}

void pg_conn_fini(struct pg_conn *conn)
{
    drop(conn, PG_CLOSED);
    loop_timer_fini(&conn->timer);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrate/migrate_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

enum { LINE_MOST = ERR_DETAIL_MAX, LINE_BUDGET = 4096, LOOK_MS_MIN = 5, LOOK_MS_MAX = 50 };
enum { TELL_FIRST_MS = 1000, TELL_EVERY_MS = 5000 };

/* As for the server's connections, nothing of a role, database or cluster changes what the statements mean. */
static const char SESSION[] =
    "SET search_path = public, pg_temp; SET client_encoding = 'UTF8'; SET statement_timeout = 0;"
    " SET idle_in_transaction_session_timeout = 0;"
    " SET default_transaction_read_only = off; SET standard_conforming_strings = on;"
    " SET default_transaction_isolation = 'read committed';"
    " SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)";
/* Of all that are in the way the one whose transaction is the oldest. What it does isn't shown: that may be anything. */
static const char WHO[] =
    "SELECT " MIGRATE_WHO
    " FROM unnest(pg_blocking_pids($1)) AS b (pid) LEFT JOIN pg_stat_activity a USING (pid)"
    " ORDER BY a.xact_start LIMIT 1";

static void clear_at(PGresult **result)
{
    PQclear(*result);
}

/* NOTICEs of "IF NOT EXISTS" say nothing new. */
static void no_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static bool is_done(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    /* A migration may have nothing but comments. */
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
}

/* 55P03: lock_timeout; 40P01: a deadlock, which the same wait would have ended; 57014: stopped, because it waited too long. */
static rc judge(const PGresult *result, struct err *err)
{
    if (is_done(result)) {
        return OK;
    }
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state == NULL) { /* it is libpq that speaks */
        FAIL(err, R_DATABASE_UNAVAILABLE, "the connection broke");
    }
    bool is_blocked =
        strcmp(state, "55P03") == 0 || strcmp(state, "40P01") == 0 || strcmp(state, "57014") == 0;
    FAIL(err, is_blocked ? R_DATABASE_LOCKED : R_DATABASE_ERROR, "%s: %s", state,
         said == NULL ? "" : said);
}

/* --- who is in the way -------------------------------------------------------------------------- */

void migrate_conn_blocked_by(struct migrate_conn *conn, const PGresult *who)
{
    if (PQresultStatus(who) != PGRES_TUPLES_OK || PQntuples(who) != 1) {
        return;
    }
    AUTO(arena_free_at) struct arena *arena = arena_new(LINE_BUDGET);
    const char *line = utf8_line(arena, slice_str(PQgetvalue(who, 0, 0)), sizeof conn->blocker - 1);
    snprintf(conn->blocker, sizeof conn->blocker, "%s", line == NULL ? "" : line);
    if (conn->tell != NULL && clock_mono().ns >= conn->tell_at.ns) {
        conn->tell(conn->tell_ctx, conn->blocker);
        conn->tell_at = mono_add_ms(clock_mono(), TELL_EVERY_MS);
    }
}

/* Returns whether somebody is in the way. */
static bool look(struct migrate_conn *conn)
{
    char pid[16];
    const char *values[] = {pid};
    if (conn->watch == NULL) {
        return false;
    }
    snprintf(pid, sizeof pid, "%d", PQbackendPID(conn->pg));
    AUTO(clear_at) PGresult *who = PQexecParams(conn->watch, WHO, 1, NULL, values, NULL, NULL, 0);
    migrate_conn_blocked_by(conn, who);
    return PQntuples(who) == 1;
}

/* A statement that is stopped ends with an error of its own. */
static void stop(const struct migrate_conn *conn)
{
    char said[256];
    PGcancel *cancel = PQgetCancel(conn->pg);
    (void)PQcancel(cancel, said, sizeof said); /* asked again until it has ended */
    PQfreeCancel(cancel);
}

static bool is_out_of_time(const struct migrate_conn *conn)
{
    return conn->wait_ms > 0 && conn->waited_ns >= conn->wait_ms * 1000000LL;
}

/* While there is no answer. */
static void look_on(struct migrate_conn *conn, struct mono_time since)
{
    if (look(conn)) {
        conn->waited_ns += clock_mono().ns - since.ns;
        if (is_out_of_time(conn)) {
            stop(conn);
        }
    }
}

/* Several times within the longest wait. */
static int look_every(const struct migrate_conn *conn)
{
    int ms = conn->lock_ms / 8;
    ms = ms < LOOK_MS_MIN ? LOOK_MS_MIN : ms;
    return ms < LOOK_MS_MAX ? ms : LOOK_MS_MAX;
}

/* Whether there is something to read; false: not yet. */
static bool wait_for_answer(struct migrate_conn *conn)
{
    struct pollfd fd = {.fd = PQsocket(conn->pg), .events = POLLIN};
    int found = poll(&fd, 1, look_every(conn));
    return found > 0 || (found < 0 && errno != EINTR);
}

/* The first failure of what was sent, or its last result. */
static rc collect(struct migrate_conn *conn, PGresult **out, struct err *err)
{
    *out = NULL;
    while (true) {
        while (PQisBusy(conn->pg) == 1) {
            struct mono_time since = clock_mono();
            if (!wait_for_answer(conn)) {
                look_on(conn, since);
                continue;
            }
            if (PQconsumeInput(conn->pg) != 1) {
                FAIL(err, R_DATABASE_UNAVAILABLE, "the connection broke");
            }
        }
        PGresult *next = PQgetResult(conn->pg);
        if (next == NULL) {
            return *out == NULL ? OK : judge(*out, err);
        }
        bool is_kept = *out != NULL && !is_done(*out);
        PQclear(is_kept ? next : *out);
        *out = is_kept ? *out : next;
    }
}

/* --- statements --------------------------------------------------------------------------------- */

rc migrate_conn_run(struct migrate_conn *conn, const char *sql, struct err *err)
{
    AUTO(clear_at) PGresult *result = NULL;
    conn->blocker[0] = '\0';
    conn->tell_at = mono_add_ms(clock_mono(), TELL_FIRST_MS);
    if (PQsendQuery(conn->pg, sql) != 1) {
        FAIL(err, R_DATABASE_UNAVAILABLE, "the connection broke");
    }
    return collect(conn, &result, err);
}

rc migrate_conn_query(struct migrate_conn *conn, const char *sql, const char *const *values,
                      int count, PGresult **out, struct err *err)
{
    *out = PQexecParams(conn->pg, sql, count, NULL, values, NULL, NULL, 0);
    return judge(*out, err);
}

rc migrate_conn_lock_limit(struct migrate_conn *conn, int lock_ms, struct err *err)
{
    char sql[64];
    snprintf(sql, sizeof sql, "SET lock_timeout = %d", lock_ms);
    return migrate_conn_run(conn, sql, err);
}

rc migrate_conn_open(struct migrate_conn *conn, const char *conninfo, int lock_ms, struct err *err)
{
    *conn = (struct migrate_conn){.lock_ms = lock_ms};
    conn->pg = PQconnectdb(conninfo);
    if (PQstatus(conn->pg) != CONNECTION_OK) {
        AUTO(arena_free_at) struct arena *arena = arena_new(LINE_BUDGET);
        struct slice said = slice_str(PQerrorMessage(conn->pg));
        said.len -= said.len > 0 && said.ptr[said.len - 1] == '\n' ? 1 : 0;
        const char *line = utf8_line(arena, said, LINE_MOST);
        FAIL(err, R_DATABASE_UNAVAILABLE, "%s", line == NULL ? "" : line);
    }
    PQsetNoticeReceiver(conn->pg, no_notice, NULL);
    conn->watch = lock_ms > 0 ? PQconnectdb(conninfo) : NULL;
    TRY(migrate_conn_run(conn, SESSION, err));
    return migrate_conn_lock_limit(conn, lock_ms, err);
}

void migrate_conn_close(struct migrate_conn *conn)
{
    PQfinish(conn->pg);
    PQfinish(conn->watch);
    conn->pg = conn->watch = NULL;
}

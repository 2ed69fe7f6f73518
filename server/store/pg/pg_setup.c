/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh connection: is the schema one that this program works with (schema_range.h)? Then every
 * statement of the class is prepared and described, all in one segment: that checks every table
 * and column that we use, and that parameters and columns are what the C structures of
 * server/store/sql/ were made for. Where the class writes, a commit must come to its end. At the end, in
 * which history the database is: one that is promoted, and can't commit, is not believed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "obs/log.h"
#include "store/pg/pg_connect.h"
#include "store/pg/pg_error.h"
#include "store/pg/pg_schema.h"
#include "store/pg/pg_settings.h"
#include "store/pg/pg_setup.h"

enum { SETUP_LIMIT_MS = 5000 };

static const char OWN[] =
    "SELECT pid::text, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()";
/* What it had begun is kept or undone whole; nobody was told which. */
static const char END_OTHER[] =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE pid::text = $1 AND backend_start::text = $2 AND usename = current_user";
/* Leaves nothing but itself in the write-ahead log. */
static const char COMMIT_ONCE[] = "SELECT pg_logical_emit_message(true, 'chancery', '')";

/* Parameters are texts. */
static bool send_query(struct pg_conn *conn, const char *sql, int count, const char *const *values)
{
    return PQsendQueryParams(conn->pg, sql, count, NULL, values, NULL, NULL, 1) == 1;
}

void pg_setup_begin(struct pg_conn *conn)
{
    conn->setup = (struct pg_setup){.problem = R_NONE};
    pg_conn_set_state(conn, PG_CHECKING);
    loop_timer_arm(&conn->timer, SETUP_LIMIT_MS);
    char pid[16], ours[24];
    snprintf(ours, sizeof ours, "%lld", (long long)schema_ours());
    snprintf(pid, sizeof pid, "%d", PQbackendPID(conn->pg));
    const char *checked[] = {pid}, *range[] = {ours},
               *other[] = {conn->left.pid, conn->left.started};
    if (!send_query(conn, PG_SETTINGS_SET, 0, NULL) ||
        !send_query(conn, conn->store->checks[conn->lane->class], 1, checked) ||
        !send_query(conn, OWN, 0, NULL) || !send_query(conn, END_OTHER, 2, other) ||
        !send_query(conn, SCHEMA_RANGE, 1, range) || PQpipelineSync(conn->pg) != 1) {
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
        return;
    }
    pg_conn_flush(conn);
}

/* What a scout finds serves nobody: it is told when somebody else finds it. */
static enum log_level error_level(const struct pg_conn *conn)
{
    return pg_silence_is_scout(conn) ? LOG_DEBUG : LOG_ERROR;
}

static void check_settings(struct pg_conn *conn, const PGresult *result)
{
    struct err err = {0};
    if (!pg_settings_judge(result, &err).ok) {
        const struct reason_info *info = reason_info(err.reason);
        conn->setup.problem = err.reason;
        log_event(error_level(conn), "db.unfit", F_STR("reason", info->name),
                  F_USER("detail", err.detail), F_USER("host", pg_connect_host(conn)),
                  F_STR("what", info->text), F_STR("advice", info->advice));
    }
}

static void check_version(struct pg_conn *conn, const PGresult *result)
{
    conn->setup.problem = pg_schema_problem((struct schema_range){
        .version = pg_result_int(result, 0, 0), .works_with = pg_result_int(result, 0, 1)});
}

static bool send_prepare(struct pg_conn *conn, const struct pg_statement *statement)
{
    Oid types[PG_PARAMS_MAX];
    for (size_t i = 0; i < statement->param_count; i++) {
        types[i] = pg_statement_oid(&statement->params[i]);
    }
    return PQsendPrepare(conn->pg, statement->name, statement->sql, (int)statement->param_count,
                         types) == 1 &&
           PQsendDescribePrepared(conn->pg, statement->name) == 1;
}

/* The next statement of the class from this number on; STATEMENT_COUNT: none. */
static size_t next_of_class(enum store_class class, size_t i)
{
    unsigned classes = lane_prepares(class);
    while (i < STATEMENT_COUNT && (STATEMENTS[i].classes & classes) == 0) {
        i++;
    }
    return i;
}

static void prepare(struct pg_conn *conn)
{
    bool ok = true;
    enum store_class class = conn->lane->class;
    conn->setup = (struct pg_setup){.statement = next_of_class(class, 0)};
    for (size_t i = conn->setup.statement; ok && i < STATEMENT_COUNT;
         i = next_of_class(class, i + 1)) {
        ok = send_prepare(conn, &STATEMENTS[i]);
    }
    ok = ok && (conn->lane->info->commits || pg_history_ask(conn)) && PQpipelineSync(conn->pg) == 1;
    if (!ok) {
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
        return;
    }
    pg_conn_set_state(conn, PG_PREPARING);
}

/* Results come in pairs: that it is prepared, which says nothing, and its description. A schema
 * of our version that does not fit was changed by hand. */
static void check_statement(struct pg_conn *conn, const PGresult *result)
{
    char problem[PG_PROBLEM_MAX];
    struct pg_setup *setup = &conn->setup;
    setup->is_prepared = !setup->is_prepared;
    if (setup->is_prepared || setup->statement >= STATEMENT_COUNT) {
        return;
    }
    const struct pg_statement *statement = &STATEMENTS[setup->statement];
    setup->statement = next_of_class(conn->lane->class, setup->statement + 1);
    if (!pg_statement_matches(statement, result, problem)) {
        conn->setup.problem = R_SCHEMA_TOO_OLD;
        log_event(error_level(conn), "db.statement",
                  F_STR("reason", reason_info(conn->setup.problem)->name),
                  F_STR("statement", statement->name), F_STR("detail", problem));
    }
}

static void take_own(struct pg_conn *conn, const PGresult *result)
{
    if (PQntuples(result) == 1) {
        snprintf(conn->own.pid, sizeof conn->own.pid, "%s", PQgetvalue(result, 0, 0));
        snprintf(conn->own.started, sizeof conn->own.started, "%s", PQgetvalue(result, 0, 1));
    }
}

/* The results of pg_setup_begin's statements, in their order. What is unfit is told before what is old. */
static void check(struct pg_conn *conn, const PGresult *result)
{
    switch (conn->setup.checked++) {
    case 0:
        break; /* of PG_SETTINGS_SET */
    case 1:
        check_settings(conn, result);
        break;
    case 2:
        take_own(conn, result);
        break;
    case 3:
        conn->left = (struct pg_backend){.pid = ""};
        break;
    default:
        if (conn->setup.problem == R_NONE) {
            check_version(conn, result);
        }
    }
}

/* 42P01, 42703, 42883: a table, column or function that is not there. What failed first is told. */
static void failed(struct pg_conn *conn, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    sqlstate = sqlstate == NULL ? "08006" : sqlstate;
    bool is_schema = strncmp(sqlstate, "42", 2) == 0 && strcmp(sqlstate, "42501") != 0;
    enum reason reason = is_schema ? R_SCHEMA_TOO_OLD : pg_reason(sqlstate);
    if (reason == R_DATABASE_CONFLICT || reason == R_DATABASE_LOCKED) {
        reason =
            R_DATABASE_NOT_COMMITTING; /* another connection's mark of the history has no end */
    }
    if (conn->setup.problem == R_NONE) {
        conn->setup.problem = reason;
    }
    log_event(error_level(conn), "db.setup_failed", F_STR("reason", reason_info(reason)->name),
              F_USER("sqlstate", sqlstate),
              F_USER("detail", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
}

static void check_history(struct pg_conn *conn, const PGresult *result)
{
    struct err err = {0};
    if (!pg_history_take(conn, result, &err).ok) {
        conn->setup.problem = conn->setup.problem == R_NONE ? err.reason : conn->setup.problem;
        log_event(error_level(conn), "db.history", F_FAILURE(&err),
                  F_USER("host", pg_connect_host(conn)));
    }
}

/* Whether rows that come now say in which history the database is. */
static bool is_of_history(const struct pg_conn *conn)
{
    return conn->state == PG_PREPARING || (conn->state == PG_PROVING && conn->setup.is_proven);
}

void pg_setup_result(struct pg_conn *conn, const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR) {
        failed(conn, result);
    } else if (status == PGRES_TUPLES_OK && conn->state == PG_CHECKING) {
        check(conn, result);
    } else if (status == PGRES_TUPLES_OK && is_of_history(conn)) {
        check_history(conn, result);
    } else if (status == PGRES_COMMAND_OK && conn->state == PG_PREPARING) {
        check_statement(conn, result);
    }
}

/* Until its end the class doesn't work, whatever else the database answers. */
static void prove(struct pg_conn *conn)
{
    if (!send_query(conn, COMMIT_ONCE, 0, NULL) || PQpipelineSync(conn->pg) != 1) {
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
        return;
    }
    conn->problem = R_DATABASE_NOT_COMMITTING;
    pg_conn_set_state(conn, PG_PROVING);
    loop_timer_arm(&conn->timer, SETUP_LIMIT_MS);
}

static void ask_history(struct pg_conn *conn)
{
    conn->setup.is_proven = true;
    if (!pg_history_ask(conn) || PQpipelineSync(conn->pg) != 1) {
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
    }
}

static void take_into_service(struct pg_conn *conn)
{
    pg_conn_set_state(conn, PG_READY);
    pg_connect_succeeded(conn);
    conn->problem = R_NONE;
    loop_timer_cancel(&conn->timer);
    log_event(LOG_INFO, "db.ready", F_STR("lane", conn->lane->info->word),
              F_USER("host", pg_connect_host(conn)));
    pg_history_leave_others(conn);
    if (pg_silence_is_scout(conn)) {
        pg_conn_rest(conn);
    }
}

void pg_setup_synced(struct pg_conn *conn)
{
    if (conn->setup.problem != R_NONE) {
        pg_conn_lost(conn, conn->setup.problem);
    } else if (conn->state == PG_CHECKING) {
        prepare(conn);
    } else if (conn->state == PG_PREPARING && conn->lane->info->commits) {
        prove(conn);
    } else if (conn->state == PG_PROVING && !conn->setup.is_proven) {
        ask_history(conn);
    } else if (!pg_history_is_current(conn)) {
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE); /* another one has found a newer one */
    } else {
        take_into_service(conn);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A fresh connection: is the schema the one that this program was built with? Then every statement is
 * prepared, which checks every table and column that we use. */
#include <stdlib.h>
#include <string.h>

#include "obs/log.h"
#include "store/migrate/migrate.h"
#include "store/pg/pg_error.h"
#include "store/pg/pg_setup.h"

static const char VERSION[] = "SELECT coalesce(max(version), 0)::int8 FROM schema_migration";

void pg_setup_begin(struct pg_conn *conn)
{
    conn->problem = R_NONE;
    if (PQsendQueryParams(conn->pg, VERSION, 0, NULL, NULL, NULL, NULL, 1) != 1 ||
        PQpipelineSync(conn->pg) != 1) {
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
        return;
    }
    pg_conn_flush(conn);
}

static void check_version(struct pg_conn *conn, const PGresult *result)
{
    int64_t version = pg_int(result, 0, 0);
    int64_t ours = MIGRATIONS[MIGRATION_COUNT - 1].version;
    if (version != ours) {
        conn->problem = version < ours ? R_SCHEMA_TOO_OLD : R_SCHEMA_TOO_NEW;
        log_event(LOG_ERROR, "db.schema", F_STR("reason", reason_info(conn->problem)->name),
                  F_INT("database", version), F_INT("program", ours));
    }
}

void pg_setup_result(struct pg_conn *conn, const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR) {
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        sqlstate = sqlstate == NULL ? "08006" : sqlstate;
        /* 42P01, 42703, 42883: a table, column or function that is not there. */
        bool is_schema = strncmp(sqlstate, "42", 2) == 0 && strcmp(sqlstate, "42501") != 0;
        conn->problem = is_schema ? R_SCHEMA_TOO_OLD : pg_reason(sqlstate);
        log_event(LOG_ERROR, "db.setup_failed", F_STR("reason", reason_info(conn->problem)->name),
                  F_USER("sqlstate", sqlstate),
                  F_USER("detail", PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
    } else if (status == PGRES_TUPLES_OK && conn->state == PG_CHECKING) {
        check_version(conn, result);
    }
}

static void prepare(struct pg_conn *conn)
{
    bool ok = true;
    for (size_t i = 0; ok && i < ST_COUNT_; i++) {
        if (STATEMENTS[i].class == conn->class) {
            ok = PQsendPrepare(conn->pg, STATEMENTS[i].name, STATEMENTS[i].sql, 0, NULL) == 1;
        }
    }
    if (!ok || PQpipelineSync(conn->pg) != 1) {
        pg_conn_lost(conn, R_DATABASE_UNAVAILABLE);
        return;
    }
    pg_conn_set_state(conn, PG_PREPARING);
}

void pg_setup_synced(struct pg_conn *conn)
{
    if (conn->problem != R_NONE) {
        pg_conn_lost(conn, conn->problem);
    } else if (conn->state == PG_CHECKING) {
        prepare(conn);
    } else {
        pg_conn_set_state(conn, PG_READY);
        loop_timer_cancel(&conn->timer);
        log_event(LOG_INFO, "db.ready", F_INT("class", conn->class));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/utf8.h"
#include "store/migrate/migrate.h"

enum { LINE_MOST = ERR_DETAIL_MAX, LINE_BUDGET = 4096 };

/* As for the server's connections, nothing of a role, database or cluster changes what the statements mean. */
static const char SESSION[] =
    "SET search_path = public, pg_temp; SET client_encoding = 'UTF8'; SET statement_timeout = 0;"
    " SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
    " SET default_transaction_read_only = off; SET standard_conforming_strings = on;"
    " SET default_transaction_isolation = 'read committed';"
    " SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false)";
static const char LOCK[] = "SELECT pg_advisory_lock(hashtext('chancery migrate'))";
static const char BOOKS[] =
    "CREATE TABLE IF NOT EXISTS schema_migration (version integer PRIMARY KEY, name text NOT NULL,"
    " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())";
static const char APPLIED[] = "SELECT version, sha256 FROM schema_migration ORDER BY version";
static const char NOTE[] =
    "INSERT INTO schema_migration (version, name, sha256) VALUES ($1, $2, $3)";

static void close_at(PGconn **conn)
{
    PQfinish(*conn);
}

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

/* The server's message is shown here, unlike in the daemon: it is the owner who runs migrations. */
static rc database_error(const PGresult *result, struct err *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state == NULL) { /* it is libpq that speaks */
        FAIL(err, R_DATABASE_UNAVAILABLE, "the connection broke");
    }
    FAIL(err, R_DATABASE_ERROR, "%s: %s", state, said == NULL ? "" : said);
}

static rc run(PGconn *conn, const char *sql, struct err *err)
{
    AUTO(clear_at) PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    /* A migration may have nothing but comments. */
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
        return database_error(result, err);
    }
    return OK;
}

static rc connect_owner(const char *conninfo, PGconn **out, struct err *err)
{
    *out = PQconnectdb(conninfo);
    if (PQstatus(*out) != CONNECTION_OK) {
        AUTO(arena_free_at) struct arena *arena = arena_new(LINE_BUDGET);
        struct slice said = slice_str(PQerrorMessage(*out));
        said.len -= said.len > 0 && said.ptr[said.len - 1] == '\n' ? 1 : 0;
        const char *line = utf8_line(arena, said, LINE_MOST);
        FAIL(err, R_DATABASE_UNAVAILABLE, "%s", line == NULL ? "" : line);
    }
    PQsetNoticeReceiver(*out, no_notice, NULL);
    return run(*out, SESSION, err);
}

/* What is applied must be a prefix of what we have, with the same text. */
static rc compare(const PGresult *applied, struct err *err)
{
    int count = PQntuples(applied);
    if ((size_t)count > MIGRATION_COUNT) {
        FAIL(err, R_SCHEMA_TOO_NEW, "database at %s, program at %d",
             PQgetvalue(applied, count - 1, 0), MIGRATIONS[MIGRATION_COUNT - 1].version);
    }
    for (int i = 0; i < count; i++) {
        if (strtol(PQgetvalue(applied, i, 0), NULL, 10) != MIGRATIONS[i].version ||
            strcmp(PQgetvalue(applied, i, 1), MIGRATIONS[i].sha256) != 0) {
            FAIL(err, R_SCHEMA_CHANGED, "migration %d was applied with another text",
                 MIGRATIONS[i].version);
        }
    }
    return OK;
}

static rc apply_one(PGconn *conn, const struct migration *migration, struct err *err)
{
    char version[16];
    const char *values[] = {version, migration->name, migration->sha256};
    snprintf(version, sizeof version, "%d", migration->version);
    TRY(run(conn, "BEGIN", err));
    TRY(run(conn, migration->sql, err));
    AUTO(clear_at) PGresult *note = PQexecParams(conn, NOTE, 3, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(note) != PGRES_COMMAND_OK) {
        return database_error(note, err);
    }
    return run(conn, "COMMIT", err);
}

/* The audit log's, for the coming months; and whatever came into audit_rest goes where it belongs, however much it is. Before
 * that closes a gap it is noted which months have gone. Beside somebody who reads the whole log (55P03: the lock could not be
 * had) the server does it later. */
static rc make_partitions(PGconn *conn, struct err *err)
{
    char sql[160], id[UUID_TEXT_BYTES];
    uuid_format(uuid_v7(clock_unix_us()), id);
    snprintf(sql, sizeof sql,
             "SELECT audit_note_gap('%s'); SELECT audit_extend(2, now(), 9223372036854775807)", id);
    AUTO(clear_at) PGresult *made = PQexec(conn, sql);
    const char *sqlstate = PQresultErrorField(made, PG_DIAG_SQLSTATE);
    bool is_locked = sqlstate != NULL && strcmp(sqlstate, "55P03") == 0;
    return PQresultStatus(made) == PGRES_TUPLES_OK || is_locked ? OK : database_error(made, err);
}

rc migrate_apply(const char *conninfo, migrate_report report, void *ctx, struct err *err)
{
    AUTO(close_at) PGconn *conn = NULL;
    TRY(connect_owner(conninfo, &conn, err));
    TRY(run(conn, LOCK, err));
    TRY(run(conn, BOOKS, err));
    AUTO(clear_at) PGresult *applied = PQexec(conn, APPLIED);
    if (PQresultStatus(applied) != PGRES_TUPLES_OK) {
        return database_error(applied, err);
    }
    TRY(compare(applied, err));
    for (size_t i = (size_t)PQntuples(applied); i < MIGRATION_COUNT; i++) {
        report(ctx, MIGRATIONS[i].version, MIGRATIONS[i].name);
        TRY(apply_one(conn, &MIGRATIONS[i], err));
    }
    return make_partitions(conn, err);
}

/* One statement, so one transaction; a certificate that is registered already changes nothing. */
static const char ADMIN[] =
    "WITH known AS (SELECT component FROM component WHERE tenant = $1::uuid AND name = $3),"
    " made AS (INSERT INTO component (tenant, component, name, role)"
    "   SELECT $1::uuid, $2::uuid, $3, 7 WHERE NOT EXISTS (SELECT FROM known) RETURNING component),"
    " who AS (SELECT component FROM made UNION ALL SELECT component FROM known),"
    " cert AS (INSERT INTO component_certificate (fingerprint, tenant, component)"
    "   SELECT $4::bytea, $1::uuid, component FROM who ON CONFLICT DO NOTHING RETURNING component)"
    " SELECT epoch_raise($1::uuid),"
    "   audit_admin($1::uuid, $2::uuid, 'migrate_platform_admin', NULL, component, $3, 'local', '',"
    "    '', $3)"
    " FROM cert";

/* The foreign key of the certificate is checked at the end of the statement, when the component
 * that the same statement makes is there. */
rc migrate_platform_admin(const char *conninfo, const char *name,
                          const unsigned char fingerprint[32], struct err *err)
{
    AUTO(close_at) PGconn *conn = NULL;
    char zero[UUID_TEXT_BYTES], id[UUID_TEXT_BYTES], hex[2 + 64 + 1] = "\\x";
    TRY(connect_owner(conninfo, &conn, err));
    uuid_format(TENANT_PLATFORM.u, zero);
    uuid_format(uuid_v7(clock_unix_us()), id);
    for (size_t i = 0; i < 32; i++) {
        snprintf(hex + 2 + 2 * i, 3, "%02x", fingerprint[i]);
    }
    const char *values[] = {zero, id, name, hex};
    AUTO(clear_at) PGresult *result = PQexecParams(conn, ADMIN, 4, NULL, values, NULL, NULL, 0);
    return PQresultStatus(result) == PGRES_TUPLES_OK ? OK : database_error(result, err);
}

/* --- roles of nodes --------------------------------------------------------------------------- */

static rc query(PGconn *conn, const char *sql, const char *const *values, int count, PGresult **out,
                struct err *err)
{
    *out = PQexecParams(conn, sql, count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(*out);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK ? OK : database_error(*out, err);
}

static rc make_role(PGconn *conn, const char *name, struct err *err)
{
    AUTO(clear_at) PGresult *known = NULL;
    const char *values[] = {name};
    char sql[512], *quoted = PQescapeIdentifier(conn, name, strlen(name));
    ENSURE(quoted != NULL, err, R_FIELD_INVALID);
    rc result = query(conn, "SELECT FROM pg_roles WHERE rolname = $1", values, 1, &known, err);
    if (result.ok && PQntuples(known) == 0) {
        snprintf(sql, sizeof sql, "CREATE ROLE %s LOGIN", quoted);
        result = run(conn, sql, err);
    }
    if (result.ok) {
        snprintf(sql, sizeof sql, "GRANT chancery_node TO %s", quoted);
        result = run(conn, sql, err);
    }
    PQfreemem(quoted);
    return result;
}

/* Who may act as chancery_server, or is a superuser, sees every boundary whatever we grant. */
static rc check_role(PGconn *conn, const char *name, struct err *err)
{
    AUTO(clear_at) PGresult *sees_all = NULL;
    const char *values[] = {name};
    TRY(query(conn, "SELECT pg_has_role($1, 'chancery_server', 'MEMBER')", values, 1, &sees_all,
              err));
    if (PQgetvalue(sees_all, 0, 0)[0] == 't') {
        FAIL(err, R_PRECONDITION_FAILED,
             "role %s is a superuser or a member of chancery_server, so it sees every boundary",
             name);
    }
    return OK;
}

static const char GRANT_BOUNDARIES[] =
    "WITH wanted AS (SELECT unnest(string_to_array($2, ',')) AS boundary),"
    " gone AS (DELETE FROM boundary_role WHERE role = $1"
    "  AND boundary NOT IN (SELECT boundary FROM wanted)),"
    " made AS (INSERT INTO boundary_role (role, boundary) SELECT $1, boundary FROM wanted"
    "  ON CONFLICT DO NOTHING)"
    " SELECT audit_admin($3::uuid, $4::uuid, 'migrate_node_role', NULL, NULL, '', 'local', '', '',"
    "   $1 || ': ' || $2),"
    "  coalesce((SELECT string_agg(w.boundary, ', ') FROM wanted w"
    "   WHERE NOT EXISTS (SELECT FROM boundary b WHERE b.name = w.boundary)), '')";

static rc grant_boundaries(PGconn *conn, struct node_role *role, struct err *err)
{
    AUTO(clear_at) PGresult *granted = NULL;
    char zero[UUID_TEXT_BYTES], id[UUID_TEXT_BYTES];
    uuid_format(TENANT_PLATFORM.u, zero);
    uuid_format(uuid_v7(clock_unix_us()), id);
    const char *values[] = {role->name, role->boundaries, zero, id};
    TRY(query(conn, GRANT_BOUNDARIES, values, 4, &granted, err));
    snprintf(role->unknown, sizeof role->unknown, "%s", PQgetvalue(granted, 0, 1));
    return OK;
}

rc migrate_node_role(const char *conninfo, struct node_role *role, struct err *err)
{
    AUTO(close_at) PGconn *conn = NULL;
    TRY(connect_owner(conninfo, &conn, err));
    TRY(run(conn, "BEGIN", err));
    TRY(make_role(conn, role->name, err));
    TRY(check_role(conn, role->name, err));
    TRY(grant_boundaries(conn, role, err));
    return run(conn, "COMMIT", err);
}

/* --- how long the log is kept ------------------------------------------------------------------- */

static const char KEEP_LOG[] =
    "WITH kept AS (INSERT INTO audit_retention (months) SELECT $1::integer WHERE $1::integer > 0"
    "  ON CONFLICT (the_only) DO UPDATE SET months = EXCLUDED.months),"
    " ended AS (DELETE FROM audit_retention WHERE $1::integer = 0)"
    " SELECT audit_note($2::uuid, 'migrate_keep_log',"
    "   CASE $1::integer WHEN 0 THEN 'for ever' ELSE $1 || ' months' END)";

rc migrate_keep_log(const char *conninfo, unsigned months, struct err *err)
{
    AUTO(close_at) PGconn *conn = NULL;
    AUTO(clear_at) PGresult *done = NULL;
    char number[16], id[UUID_TEXT_BYTES];
    snprintf(number, sizeof number, "%u", months);
    uuid_format(uuid_v7(clock_unix_us()), id);
    const char *values[] = {number, id};
    TRY(connect_owner(conninfo, &conn, err));
    return query(conn, KEEP_LOG, values, 2, &done, err);
}

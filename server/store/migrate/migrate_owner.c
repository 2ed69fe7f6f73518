/* SPDX-License-Identifier: Apache-2.0 */
/* What only the database's owner may say: the first admin, roles of nodes, how long the log is kept. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/ids.h"
#include "store/migrate/migrate.h"
#include "store/migrate/migrate_conn.h"

static void clear_at(PGresult **result)
{
    PQclear(*result);
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
    AUTO(migrate_conn_close) struct migrate_conn conn = {.pg = NULL};
    AUTO(clear_at) PGresult *done = NULL;
    char zero[UUID_TEXT_BYTES], id[UUID_TEXT_BYTES], hex[2 + 64 + 1] = "\\x";
    TRY(migrate_conn_open(&conn, conninfo, 0, err));
    uuid_format(TENANT_PLATFORM.u, zero);
    uuid_format(uuid_v7(clock_unix_us()), id);
    for (size_t i = 0; i < 32; i++) {
        snprintf(hex + 2 + 2 * i, 3, "%02x", fingerprint[i]);
    }
    const char *values[] = {zero, id, name, hex};
    return migrate_conn_query(&conn, ADMIN, values, 4, &done, err);
}

/* --- roles of nodes --------------------------------------------------------------------------- */

static rc make_role(struct migrate_conn *conn, const char *name, struct err *err)
{
    AUTO(clear_at) PGresult *known = NULL;
    const char *values[] = {name};
    char sql[512], *quoted = PQescapeIdentifier(conn->pg, name, strlen(name));
    ENSURE(quoted != NULL, err, R_FIELD_INVALID);
    rc result =
        migrate_conn_query(conn, "SELECT FROM pg_roles WHERE rolname = $1", values, 1, &known, err);
    if (result.ok && PQntuples(known) == 0) {
        snprintf(sql, sizeof sql, "CREATE ROLE %s LOGIN", quoted);
        result = migrate_conn_run(conn, sql, err);
    }
    if (result.ok) {
        snprintf(sql, sizeof sql, "GRANT chancery_node TO %s", quoted);
        result = migrate_conn_run(conn, sql, err);
    }
    PQfreemem(quoted);
    return result;
}

/* Who may act as chancery_server, or is a superuser, sees every boundary whatever we grant. */
static rc check_role(struct migrate_conn *conn, const char *name, struct err *err)
{
    AUTO(clear_at) PGresult *sees_all = NULL;
    const char *values[] = {name};
    TRY(migrate_conn_query(conn, "SELECT pg_has_role($1, 'chancery_server', 'MEMBER')", values, 1,
                           &sees_all, err));
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
    "  ON CONFLICT DO NOTHING RETURNING boundary)"
    " SELECT audit_admin($3::uuid, $4::uuid, 'migrate_node_role', NULL, NULL, '', 'local', '', '',"
    "   $1 || ': ' || $2),"
    "  coalesce((SELECT string_agg(w.boundary, ', ') FROM wanted w"
    "   WHERE NOT EXISTS (SELECT FROM boundary b WHERE b.name = w.boundary)), ''),"
    "  coalesce((SELECT string_agg(DISTINCT s.name, ', ') FROM audit_sink s WHERE s.at > 'epoch'"
    "   AND pg_has_role(to_regrole(quote_ident(s.reader))::oid,"
    "    to_regrole(quote_ident($1))::oid, 'USAGE')"
    "   AND EXISTS (SELECT FROM made)), '')";

static rc grant_boundaries(struct migrate_conn *conn, struct node_role *role, struct err *err)
{
    AUTO(clear_at) PGresult *granted = NULL;
    char zero[UUID_TEXT_BYTES], id[UUID_TEXT_BYTES];
    uuid_format(TENANT_PLATFORM.u, zero);
    uuid_format(uuid_v7(clock_unix_us()), id);
    const char *values[] = {role->name, role->boundaries, zero, id};
    TRY(migrate_conn_query(conn, GRANT_BOUNDARIES, values, 4, &granted, err));
    snprintf(role->unknown, sizeof role->unknown, "%s", PQgetvalue(granted, 0, 1));
    snprintf(role->sinks, sizeof role->sinks, "%s", PQgetvalue(granted, 0, 2));
    return OK;
}

rc migrate_node_role(const char *conninfo, struct node_role *role, struct err *err)
{
    AUTO(migrate_conn_close) struct migrate_conn conn = {.pg = NULL};
    TRY(migrate_conn_open(&conn, conninfo, 0, err));
    TRY(migrate_conn_run(&conn, "BEGIN", err));
    TRY(make_role(&conn, role->name, err));
    TRY(check_role(&conn, role->name, err));
    TRY(grant_boundaries(&conn, role, err));
    return migrate_conn_run(&conn, "COMMIT", err);
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
    AUTO(migrate_conn_close) struct migrate_conn conn = {.pg = NULL};
    AUTO(clear_at) PGresult *done = NULL;
    char number[16], id[UUID_TEXT_BYTES];
    snprintf(number, sizeof number, "%u", months);
    uuid_format(uuid_v7(clock_unix_us()), id);
    const char *values[] = {number, id};
    TRY(migrate_conn_open(&conn, conninfo, 0, err));
    return migrate_conn_query(&conn, KEEP_LOG, values, 2, &done, err);
}

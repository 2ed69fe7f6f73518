/* SPDX-License-Identifier: Apache-2.0 */
/* The database and its roles: as SQL for whoever runs it, and carried out where that is asked for. */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/certificate.h"
#include "cli/init/init.h"
#include "store/migrate/migrate.h"

/* The server's role is one of chancery_server before there are tables: migrations grant to that. Names have only letters,
 * digits and underscores (command.c). */
static const char *roles_of(const struct init *init)
{
    return init_text(
        init,
        "DO $$ BEGIN\n"
        "    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '" INIT_OWNER "') THEN\n"
        "        CREATE ROLE " INIT_OWNER " NOLOGIN CREATEROLE;\n"
        "    END IF;\n"
        "    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chancery_server') THEN\n"
        "        CREATE ROLE chancery_server NOLOGIN;\n"
        "    END IF;\n"
        "    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '%s') THEN\n"
        "        CREATE ROLE \"%s\" LOGIN;\n"
        "    END IF;\n"
        "    GRANT chancery_server TO \"%s\";\n"
        "END $$",
        init->db_user, init->db_user, init->db_user);
}

static const char *is_there(const struct init *init)
{
    return init_text(init, "SELECT FROM pg_database WHERE datname = '%s'", init->db_name);
}

static const char *create(const struct init *init)
{
    return init_text(init,
                     "CREATE DATABASE \"%s\" OWNER " INIT_OWNER " ENCODING UTF8 TEMPLATE template0",
                     init->db_name);
}

rc init_roles(struct init *init, struct err *err)
{
    const char *text = init_text(
        init,
        "-- Written by chancery init, for a superuser of PostgreSQL, by psql. Again it does nothing.\n"
        "%s;\n"
        "SELECT '%s'\n"
        "    WHERE NOT EXISTS (%s) \\gexec\n",
        roles_of(init), create(init), is_there(init));
    return init_file(init, init_path(init, "roles.sql"), slice_str(text), 0644, false, err);
}

/* --- carried out ------------------------------------------------------------------------------ */

static void finish_at(PGconn **conn)
{
    PQfinish(*conn);
}

static void clear_at(PGresult **result)
{
    PQclear(*result);
}

static rc database_failed(const struct init *init, const char *said, enum reason reason,
                          struct err *err)
{
    const char *line = utf8_line(init->arena, slice_str(said), ERR_DETAIL_MAX - 1);
    FAIL(err, reason, "%s", line == NULL ? "" : line);
}

static rc run(const struct init *init, PGconn *conn, const char *sql, int *rows, struct err *err)
{
    AUTO(clear_at) PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        return database_failed(init, PQerrorMessage(conn), R_DATABASE_ERROR, err);
    }
    *rows = PQntuples(result);
    return OK;
}

static rc make_roles(const struct init *init, struct err *err)
{
    int rows = 0;
    AUTO(finish_at) PGconn *conn = PQconnectdb(init->superuser);
    if (PQstatus(conn) != CONNECTION_OK) {
        return database_failed(init, PQerrorMessage(conn), R_DATABASE_UNAVAILABLE, err);
    }
    TRY(run(init, conn, roles_of(init), &rows, err));
    TRY(run(init, conn, is_there(init), &rows, err));
    return rows > 0 ? OK : run(init, conn, create(init), &rows, err);
}

rc init_database(struct init *init, struct err *err)
{
    unsigned char print[32];
    if (init->superuser == NULL) {
        return OK;
    }
    TRY(make_roles(init, err));
    /* Of a parameter that is given twice, libpq takes the last. */
    const char *owner = init_text(init, "%s dbname=%s options='-c role=" INIT_OWNER "'",
                                  init->superuser, init->db_name);
    const struct migrate_options options = {
        .conninfo = owner, .lock_ms = MIGRATE_LOCK_MS, .wait_s = MIGRATE_WAIT_S};
    TRY(migrate_apply(&options, err));
    TRY(certificate_fingerprint(init_path(init, "admin/admin.pem"), print, err));
    TRY(migrate_platform_admin(owner, "platform-admin", print, err));
    printf("made  the database %s, its roles and the first admin\n", init->db_name);
    return OK;
}

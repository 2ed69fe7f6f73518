/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of PostgreSQL's settings: by the same statement on every connection and by the doctor. How a node behaves
 * is in tests/regress/test_promises_rested_on_defaults.py. */
#include "store_fixture.h"

#include <libpq-fe.h>
#include <string.h>

#include "store/pg/pg_settings.h"

enum { TIMEOUT_MS = 1234 };

static PGconn *connect_with(const char *options)
{
    const char *keys[] = {"dbname", "options", "client_encoding", NULL};
    const char *values[] = {f.server_conninfo, options, "UTF8", NULL};
    PGconn *conn = PQconnectdbParams(keys, values, 1);
    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    PQclear(PQexec(conn, PG_SETTINGS_SET));
    return conn;
}

/* How the check ends on a connection, in text as for the doctor and in binary as for a node. */
static enum reason judged(PGconn *conn, enum store_class class, int pid)
{
    enum reason reasons[2];
    char text[16];
    const char *values[] = {text};
    snprintf(text, sizeof text, "%d", pid);
    for (int format = 0; format < 2; format++) {
        struct err err = {0};
        PGresult *result = PQexecParams(conn, pg_settings_check(f.arena, class, TIMEOUT_MS), 1,
                                        NULL, values, NULL, NULL, format);
        if (PQresultStatus(result) != PGRES_TUPLES_OK) {
            fail_msg("%s", PQerrorMessage(conn));
        }
        rc fit = pg_settings_judge(result, &err);
        assert_int_equal(fit.ok, err.reason == R_NONE);
        reasons[format] = err.reason;
        PQclear(result);
    }
    assert_int_equal(reasons[0], reasons[1]);
    return reasons[0];
}

static void what_is_set_arrives(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STORE_CLASSES; i++) {
        enum store_class class = i;
        PGconn *conn =
            connect_with(pg_settings_options(f.arena, class, TIMEOUT_MS, "-c statement_timeout=9"));
        assert_int_equal(judged(conn, class, PQbackendPID(conn)), R_NONE);
        assert_int_equal(judged(conn, class, PQbackendPID(conn) + 1), R_DATABASE_POOLED);
        PQfinish(conn);
    }
}

/* As by a pooler that ignores them. */
static void what_did_not_arrive_is_noticed(void **state)
{
    (void)state;
    PGconn *conn = connect_with("");
    assert_int_equal(judged(conn, STORE_READ, PQbackendPID(conn)), R_DATABASE_SETTINGS_LOST);
    PQfinish(conn);
    conn = connect_with(pg_settings_options(f.arena, STORE_READ, TIMEOUT_MS, ""));
    PQclear(PQexec(conn, "SET synchronous_commit = remote_write"));
    assert_int_equal(judged(conn, STORE_READ, PQbackendPID(conn)), R_DATABASE_SETTINGS_LOST);
    PQfinish(conn);
}

/* There is no such server here: what it would answer. */
static void an_old_server_is_told_first(void **state)
{
    (void)state;
    struct err err = {0};
    char detail[] = "server_version 14.1", first[] = "0";
    PGresAttDesc columns[] = {{.name = first}, {.name = detail}};
    PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
    assert_int_equal(PQsetResultAttrs(result, 2, columns), 1);
    assert_int_equal(PQsetvalue(result, 0, 0, first, (int)strlen(first)), 1);
    assert_int_equal(PQsetvalue(result, 0, 1, detail, (int)strlen(detail)), 1);
    assert_fails(pg_settings_judge(result, &err), &err, R_DATABASE_TOO_OLD);
    assert_string_equal(err.detail, detail);
    PQclear(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_set_arrives),
        cmocka_unit_test(what_did_not_arrive_is_noticed),
        cmocka_unit_test(an_old_server_is_told_first),
    };
    return cmocka_run_group_tests(tests, store_set_up, store_tear_down);
}

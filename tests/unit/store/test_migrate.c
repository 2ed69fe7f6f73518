/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations of our own in place of the program's: whatever a text has in it, it is applied or told. */
#include "chancery_test.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "store/migrate/migrate.h"
#include "store/migrate/migrate_conn.h"
#include "store/migrate/migrate_index.h"

/* A log of one large partition and a small one; and what migrate_apply calls behind all migrations. */
static const char LOG[] =
    "ALTER TABLE schema_migration ADD COLUMN works_with integer;"
    "CREATE TABLE audit (at integer NOT NULL, what text NOT NULL) PARTITION BY RANGE (at);"
    "CREATE TABLE audit_large PARTITION OF audit FOR VALUES FROM (0) TO (100);"
    "CREATE TABLE audit_small PARTITION OF audit FOR VALUES FROM (100) TO (200);"
    "INSERT INTO audit SELECT n % 150, repeat(md5(n::text), 8) FROM generate_series(1, 120000) n;"
    "CREATE TABLE sliced (number serial, place text NOT NULL);"
    "CREATE FUNCTION slice(text) RETURNS text LANGUAGE sql AS $f$"
    "  INSERT INTO sliced (place) VALUES ($1);"
    "  SELECT CASE length($1) WHEN 0 THEN 'a' ELSE nullif('b', $1) END $f$;"
    "CREATE FUNCTION audit_note_gap(uuid) RETURNS boolean LANGUAGE sql AS 'SELECT false';"
    "CREATE FUNCTION audit_extend(integer, timestamptz, bigint) RETURNS integer LANGUAGE sql"
    " AS 'SELECT 0';";
static const char INDEX[] = "CREATE INDEX by_what ON audit (what, at) WHERE at > 10";
static const struct early_index INDEXES[] = {
    {"by_what", "audit", "(what, at) WHERE at > 10", false}, {NULL, NULL, NULL, false}};

/* The linker takes these, and leaves the program's where they are. */
const struct migration MIGRATIONS[] = {
    {1, "comments", "01", "-- nothing but words\n", 0, NULL, NULL},
    {2, "nothing", "02", "", 0, NULL, NULL},
    {5, "log", "05", LOG, 0, NULL, NULL},
    {6, "index", "06", INDEX, 5, INDEXES, NULL},
    {7, "locks", "07", "ALTER TABLE audit ADD COLUMN more text", 6, NULL, "SELECT slice($1)"},
    {8, "wrong", "08", "SELECT no_such_column", 0, NULL, NULL},
};
const size_t MIGRATION_COUNT = sizeof MIGRATIONS / sizeof MIGRATIONS[0];

static int reported[8], count;
static char said[4][256];
static int said_count;
static PGconn *other; /* who is in the way */

static void report(void *ctx, int version, const char *name)
{
    (void)ctx;
    (void)name;
    reported[count++] = version;
}

static void say(void *ctx, const char *line)
{
    (void)ctx;
    assert_true(said_count < 4);
    snprintf(said[said_count++], sizeof said[0], "%s", line);
}

static struct migrate_options options(void)
{
    return (struct migrate_options){.conninfo = getenv("CHANCERY_TEST_DB"),
                                    .lock_ms = 100,
                                    .wait_s = 0,
                                    .report = report,
                                    .say = say};
}

/* The first value of a statement, by the other connection. */
static const char *sql(const char *text)
{
    static char value[64];
    PGresult *result = PQexec(other, text);
    ExecStatusType status = PQresultStatus(result);
    assert_true(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
    snprintf(value, sizeof value, "%s",
             status == PGRES_TUPLES_OK && PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return value;
}

static int begin(void **state)
{
    (void)state;
    count = said_count = 0;
    other = PQconnectdb(getenv("CHANCERY_TEST_DB"));
    return PQstatus(other) == CONNECTION_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    PQfinish(other);
    return 0;
}

static void fails(enum reason reason, struct err *err)
{
    const struct migrate_options these = options();
    *err = (struct err){0};
    assert_false(migrate_apply(&these, err).ok);
    assert_int_equal(err->reason, reason);
}

static void a_text_without_statements_is_applied(void **state)
{
    struct err err;
    (void)state;
    fails(R_DATABASE_ERROR, &err);
    assert_string_equal(err.detail, "42703: column \"no_such_column\" does not exist");
    assert_int_equal(count, 6);
    assert_int_equal(reported[2], 5);
    assert_string_equal(sql("SELECT string_agg(place, ',' ORDER BY number) FROM sliced"), ",a,b");
    assert_string_equal(sql("SELECT string_agg(coalesce(works_with, 0)::text, ',' ORDER BY version)"
                            " FROM schema_migration"),
                        "0,0,0,5,6");
}

static void what_was_applied_is_not_applied_again(void **state)
{
    struct err err;
    (void)state;
    fails(R_DATABASE_ERROR, &err);
    assert_int_equal(count, 1);
    assert_int_equal(reported[0], 8);
}

static void take_back(const char *what)
{
    sql(what);
    sql("DELETE FROM schema_migration WHERE version >= 6");
    sql("ALTER TABLE audit DROP COLUMN IF EXISTS more");
}

/* 1 when an index of that name is whole and hangs on the log's. */
static const char *attached(const char *name)
{
    char text[256];
    snprintf(text, sizeof text,
             "SELECT count(*) FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid"
             " WHERE i.inhparent = 'by_what'::regclass AND x.indisvalid"
             " AND i.inhrelid = to_regclass('%s')",
             name);
    return sql(text);
}

/* The transaction finds the large one's there, and makes the small one's. */
static void an_index_of_the_log_is_made_beforehand(void **state)
{
    struct err err;
    (void)state;
    take_back("DROP INDEX by_what");
    fails(R_DATABASE_ERROR, &err);
    assert_int_equal(said_count, 1);
    assert_string_equal(said[0], "making by_what on audit_large");
    assert_string_equal(attached("audit_large_by_what"), "1");
    assert_string_equal(
        sql("SELECT count(*) FROM pg_inherits WHERE inhparent = 'by_what'::regclass"), "2");
}

/* Of a table that has no partitions, such as one of them. */
static void an_index_of_another_table_is_made_beforehand(void **state)
{
    const struct early_index index = {"direct", "audit_large", "(at)", false},
                             small = {"small", "audit_small", "(at)", false};
    const struct migrate_options these = options();
    struct migrate_conn conn;
    struct err err = {0};
    (void)state;
    assert_true(migrate_conn_open(&conn, getenv("CHANCERY_TEST_DB"), 100, &err).ok);
    assert_true(migrate_index_make(&conn, &these, &small, &err).ok);
    assert_true(migrate_index_make(&conn, &these, &index, &err).ok);
    assert_int_equal(said_count, 1);
    assert_string_equal(said[0], "making direct on audit_large");
    assert_string_equal(
        sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'direct'::regclass"), "t");
    sql("DROP INDEX direct");
    migrate_conn_close(&conn);
}

/* PostgreSQL leaves an invalid one. */
static void one_that_was_interrupted_is_made_anew(void **state)
{
    struct err err;
    (void)state;
    take_back("DROP INDEX by_what");
    sql("CREATE INDEX audit_large_by_what ON audit_large (what, at) WHERE at > 10");
    sql("UPDATE pg_index SET indisvalid = false, indisready = false"
        " WHERE indexrelid = 'audit_large_by_what'::regclass");
    fails(R_DATABASE_ERROR, &err);
    assert_string_equal(attached("audit_large_by_what"), "1");
}

static void one_that_is_there_is_taken(void **state)
{
    struct err err;
    (void)state;
    take_back("DROP INDEX by_what");
    sql("CREATE INDEX audit_large_by_what ON audit_large (what, at) WHERE at > 10");
    fails(R_DATABASE_ERROR, &err);
    assert_int_equal(said_count, 0);
    assert_string_equal(attached("audit_large_by_what"), "1");
}

/* Who is in the way is told, and nothing is left of what was begun. */
static void a_lock_that_others_hold_is_not_waited_for(void **state)
{
    struct err err;
    char pid[64];
    (void)state;
    take_back("SELECT 1");
    sql("INSERT INTO schema_migration (version, name, sha256) VALUES (6, 'index', '06')");
    sql("SET application_name = 'a dump'");
    sql("BEGIN");
    sql("LOCK TABLE audit_small IN ACCESS SHARE MODE");
    fails(R_MIGRATION_BLOCKED, &err);
    snprintf(pid, sizeof pid, "migration 0007 waits for process %d, role", PQbackendPID(other));
    assert_ptr_equal(strstr(err.detail, pid), err.detail);
    assert_non_null(strstr(err.detail, ", a dump, in a transaction for "));
    sql("COMMIT");
    assert_string_equal(sql("SELECT count(*) FROM schema_migration WHERE version > 6"), "0");
    assert_string_equal(sql("SELECT count(*) FROM pg_attribute WHERE attname = 'more'"), "0");
    fails(R_DATABASE_ERROR, &err); /* of 8: the lock was free */
    assert_string_equal(sql("SELECT max(version) FROM schema_migration"), "7");
}

/* CREATE INDEX CONCURRENTLY waits for every transaction that is older. */
static void an_index_waits_for_others_no_longer_than_was_said(void **state)
{
    struct err err = {0};
    char pid[96];
    struct migrate_options these = options();
    (void)state;
    take_back("DROP INDEX by_what");
    sql("SET application_name = 'a dump'");
    sql("BEGIN");
    sql("LOCK TABLE audit_large IN ROW EXCLUSIVE MODE");
    these.wait_s = 2;
    assert_false(migrate_apply(&these, &err).ok);
    assert_int_equal(err.reason, R_MIGRATION_BLOCKED);
    snprintf(pid, sizeof pid, "making by_what on audit_large waits for process %d, role",
             PQbackendPID(other));
    assert_ptr_equal(strstr(err.detail, pid), err.detail);
    assert_int_equal(said_count, 2);
    assert_string_equal(said[0], "making by_what on audit_large");
    assert_ptr_equal(strstr(said[1], pid), said[1]);
    sql("COMMIT");
    fails(R_DATABASE_ERROR, &err); /* of 8; what it left invalid was made anew */
    assert_string_equal(attached("audit_large_by_what"), "1");
}

/* It was counted for each transaction by itself: behind ten dumps an index waited for ten times as long. */
static void all_that_an_index_waits_for_counts_together(void **state)
{
    struct err err = {0};
    struct migrate_conn conn;
    char pid[32];
    (void)state;
    assert_true(migrate_conn_open(&conn, getenv("CHANCERY_TEST_DB"), 100, &err).ok);
    assert_true(migrate_conn_lock_limit(&conn, 600 * 1000, &err).ok);
    sql("BEGIN");
    sql("LOCK TABLE audit_large IN ROW EXCLUSIVE MODE");
    conn.wait_ms = 60 * 1000;
    conn.waited_ns = 60 * INT64_C(1000000000) - 1; /* for those before this one */
    struct mono_time began = clock_mono();
    assert_false(
        migrate_conn_run(&conn, "CREATE INDEX CONCURRENTLY late ON audit_large (at)", &err).ok);
    assert_int_equal(err.reason, R_DATABASE_LOCKED);
    assert_true(clock_mono().ns <
                mono_add_ms(began, 60 * 1000).ns); /* of 600 s that it has for one */
    snprintf(pid, sizeof pid, "process %d, role", PQbackendPID(other));
    assert_ptr_equal(strstr(conn.blocker, pid), conn.blocker);
    sql("COMMIT");
    sql("DROP INDEX late");
    migrate_conn_close(&conn);
}

static void another_run_is_waited_for_no_longer_than_was_said(void **state)
{
    struct err err;
    char pid[96];
    (void)state;
    sql("SELECT pg_advisory_lock(hashtext('chancery migrate'))");
    fails(R_MIGRATION_BLOCKED, &err);
    snprintf(pid, sizeof pid, "another chancery migrate is at work: process %d, role",
             PQbackendPID(other));
    assert_ptr_equal(strstr(err.detail, pid), err.detail);
    assert_int_equal(said_count, 1);
    assert_ptr_equal(strstr(said[0], pid), said[0]);
    sql("SELECT pg_advisory_unlock_all()");
    fails(R_DATABASE_ERROR, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_text_without_statements_is_applied, begin, end),
        cmocka_unit_test_setup_teardown(what_was_applied_is_not_applied_again, begin, end),
        cmocka_unit_test_setup_teardown(an_index_of_the_log_is_made_beforehand, begin, end),
        cmocka_unit_test_setup_teardown(an_index_of_another_table_is_made_beforehand, begin, end),
        cmocka_unit_test_setup_teardown(one_that_was_interrupted_is_made_anew, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_there_is_taken, begin, end),
        cmocka_unit_test_setup_teardown(a_lock_that_others_hold_is_not_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(an_index_waits_for_others_no_longer_than_was_said, begin,
                                        end),
        cmocka_unit_test_setup_teardown(all_that_an_index_waits_for_counts_together, begin, end),
        cmocka_unit_test_setup_teardown(another_run_is_waited_for_no_longer_than_was_said, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

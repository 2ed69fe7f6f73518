/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: the schema must be ours, to the last column; a full line refuses. */
#include "store_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include <libpq-fe.h>

#include "obs/metrics.h"
#include "store/cache/lookups.h"
#include "store/migrate/migrate.h"
#include "store/pg/pg_timelines.h"
#include "store/resource/audit_store.h"

static void count_report(void *ctx, int version, const char *name)
{
    (void)version;
    (void)name;
    ++*(int *)ctx;
}

/* Between two attempts the store says why the last one failed. */
static void wait_refused(void)
{
    for (int i = 0; i < 100 && store_problem(f.store) != R_SCHEMA_TOO_OLD; i++) {
        run_for(50);
    }
    assert_int_equal(store_problem(f.store), R_SCHEMA_TOO_OLD);
    assert_false(store_is_ready(f.store));
}

static void an_empty_database_is_too_old_and_migrates_once(void **state)
{
    (void)state;
    int applied = 0;
    const struct migrate_options options = {.conninfo = f.conninfo,
                                            .lock_ms = MIGRATE_LOCK_MS,
                                            .report = count_report,
                                            .ctx = &applied};
    wait_refused();
    assert_ok(migrate_apply(&options, &f.err), &f.err);
    assert_int_equal(applied, MIGRATION_COUNT);
    assert_ok(migrate_apply(&options, &f.err), &f.err);
    assert_int_equal(applied, MIGRATION_COUNT);
    wait_ready();
}

/* Another store on the same database, for as long as `check` runs. */
static void with_store(const struct store_config *config, void (*check)(void))
{
    struct store *outer = f.store;
    f.store = store_new(f.loop, config);
    check();
    store_free(f.store);
    f.store = outer;
}

static void check_full(void)
{
    struct lookup ops[4]; /* one on its way, one in line; two refused, the newest first */
    struct lookups *lookups = lookups_new(10);
    wait_ready();
    for (size_t i = 0; i < 4; i++) {
        prepare(&ops[i].op);
        lookups_submit(&ops[i], LOOKUP_TENANT_BY_NAME, slice_str("contoso"));
    }
    wait_all(4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(ops[i].op.err.reason, i < 2 ? R_NOT_FOUND : R_OVERLOADED);
    }
    lookups_free(lookups);
}

static void a_full_line_says_overloaded(void **state)
{
    (void)state;
    with_store(
        &(struct store_config){.conninfo = f.server_conninfo, .in_flight_max = 1, .waiting_max = 1},
        check_full);
}

static void ask_the_log(struct audit_query *query)
{
    prepare(&query->op);
    query->limit = 1;
    audit_store_query(query);
}

struct late_query {
    struct loop_task task;
    struct audit_query query;
};

static void ask_late(struct loop_task *task)
{
    ask_the_log(&LIST_ENTRY(task, struct late_query, task)->query);
}

static void check_two_who_wait_for_the_same_opening(void)
{
    struct audit_query first = {0};
    struct late_query second = {0};
    wait_ready();
    ask_the_log(&first);
    /* After the lane has said that spare connections are to be opened, before they begin. */
    loop_task_init(&second.task, ask_late);
    loop_defer(f.loop, &second.task);
    wait_all(2);
    assert_int_equal(first.op.err.reason, R_NONE);
    assert_int_equal(second.query.op.err.reason, R_NONE);
}

/* A spare connection that was about to be opened was neither at rest nor on its way, so whoever asked in
 * that moment heard that there is no database. */
static void a_connection_that_is_about_to_be_opened_is_waited_for(void **state)
{
    (void)state;
    with_store(&(struct store_config){.conninfo = f.server_conninfo},
               check_two_who_wait_for_the_same_opening);
}

static void check_one_opening(void)
{
    struct audit_query query = {0};
    wait_ready();
    int64_t before = metric_value(M_DB_CONNECTIONS, "ready", NULL);
    ask_the_log(&query);
    wait_all(1);
    run_for(300);
    assert_int_equal(query.op.err.reason, R_NONE);
    assert_int_equal(metric_value(M_DB_CONNECTIONS, "ready", NULL), before + 1);
}

static void one_who_waits_opens_one_connection(void **state)
{
    (void)state;
    with_store(&(struct store_config){.conninfo = f.server_conninfo}, check_one_opening);
}

static void check_no_opening(void)
{
    struct audit_query query = {0};
    wait_ready();
    run_sql("ALTER ROLE server CONNECTION LIMIT 0");
    ask_the_log(&query);
    wait_all(1);
    assert_int_equal(query.op.err.reason, R_DATABASE_UNAVAILABLE);
    run_sql("ALTER ROLE server CONNECTION LIMIT -1");
}

/* At the database's limit of connections: when one can't be opened the next is tried, and nobody waits for one that nobody
 * opens. */
static void who_waits_for_what_can_not_be_opened_is_told(void **state)
{
    (void)state;
    with_store(&(struct store_config){.conninfo = f.server_conninfo}, check_no_opening);
}

/* The version is ours and every statement can be prepared, but a column is not what the C
 * structures were made for. */
static void a_column_of_another_type_is_noticed_at_connect(void **state)
{
    (void)state;
    struct store_config config = {.conninfo = f.server_conninfo};
    run_sql("ALTER TABLE super_user ALTER COLUMN reason TYPE varchar");
    with_store(&config, wait_refused);
    run_sql("ALTER TABLE super_user ALTER COLUMN reason TYPE text");
    with_store(&config, wait_ready);
}

/* --- a newer schema ----------------------------------------------------------------------------- */

static void wait_too_new(void)
{
    for (int i = 0; i < 600 && store_problem(f.store) != R_SCHEMA_TOO_NEW; i++) {
        run_for(50);
    }
    assert_int_equal(store_problem(f.store), R_SCHEMA_TOO_NEW);
}

static void later_migration(int ahead, const char *works_with)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "INSERT INTO schema_migration (version, name, sha256, works_with)"
             " SELECT max(version) + %d, 'later', '', %s FROM schema_migration",
             ahead, works_with);
    run_sql(sql);
}

/* What a later release has added says who works with it: we do, as long as each says so. */
static void a_newer_schema_says_whether_it_works_with_us(void **state)
{
    (void)state;
    struct store_config config = {.conninfo = f.server_conninfo};
    later_migration(1, "max(version)");
    with_store(&config, wait_ready);
    later_migration(1, "max(version)"); /* only with those that know the first one */
    with_store(&config, wait_too_new);
    run_sql("UPDATE schema_migration SET works_with = 1 WHERE name = 'later'");
    with_store(&config, wait_ready);
    run_sql("UPDATE schema_migration SET works_with = NULL WHERE version = (SELECT max(version)"
            " FROM schema_migration)"); /* it says nothing */
    with_store(&config, wait_too_new);
    run_sql("DELETE FROM schema_migration WHERE name = 'later'");
    with_store(&config, wait_ready);
}

static void check_left_behind(void)
{
    struct audit_query query = {0};
    wait_ready();
    later_migration(1, "max(version)");
    run_for(300);
    assert_true(store_is_ready(f.store)); /* it works with us */
    run_sql("UPDATE schema_migration SET works_with = version WHERE name = 'later'");
    wait_too_new();
    ask_the_log(&query);
    wait_all(1);
    assert_int_equal(query.op.err.reason, R_DATABASE_UNAVAILABLE);
    assert_non_null(strstr(query.op.err.detail, "SCHEMA_TOO_NEW"));
    run_sql("DELETE FROM schema_migration WHERE name = 'later'");
    wait_ready();
}

/* Whether program and schema fit was asked when a connection was made only: an older program went on writing on those that it
 * had. */
static void a_newer_schema_is_noticed_on_old_connections(void **state)
{
    (void)state;
    with_store(&(struct store_config){.conninfo = f.server_conninfo, .history_ms = 50},
               check_left_behind);
}

static void migrating_leaves_a_newer_schema_that_works_with_us(void **state)
{
    (void)state;
    struct err err = {0};
    const struct migrate_options options = {.conninfo = f.conninfo, .lock_ms = MIGRATE_LOCK_MS};
    later_migration(1, "max(version)");
    assert_ok(migrate_apply(&options, &err), &err);
    later_migration(1, "max(version)");
    assert_false(migrate_apply(&options, &err).ok);
    assert_int_equal(err.reason, R_SCHEMA_TOO_NEW);
    run_sql("DELETE FROM schema_migration WHERE name = 'later'");
}

/* --- the database goes back ------------------------------------------------------------------- */

/* The next connections look anew. */
static void reconnect(void)
{
    run_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'server'");
    for (int i = 0; i < 100 && store_is_ready(f.store); i++) {
        run_for(10);
    }
    wait_ready();
}

static int64_t lost(void)
{
    return metric_value(M_DB_HISTORY_CHANGES, "lost", NULL);
}

static void a_database_that_went_back_is_noticed_at_connect(void **state)
{
    (void)state;
    wait_ready();
    assert_int_equal(lost(), 0);
    run_sql("UPDATE history SET number = number + 3, mark = mark_new()"); /* as time goes on */
    reconnect();
    assert_int_equal(lost(), 0);
    run_sql("UPDATE history SET number = number - 1, mark = mark_new()");
    reconnect();
    assert_int_equal(lost(), 1);                     /* told once, not by each connection */
    run_sql("UPDATE history SET mark = mark_new()"); /* it has come to this number another way */
    reconnect();
    assert_int_equal(lost(), 2);
    reconnect();
    assert_int_equal(lost(), 2);
    assert_int_equal(metric_value(M_DB_HISTORY_CHANGES, "timeline", NULL), 0);
}

static void check_once_a_minute(void)
{
    wait_ready();
    int64_t before = lost();
    run_sql("UPDATE history SET marked_at = now() - interval '1 hour'");
    run_for(300); /* it marks, and sees its own mark */
    run_sql("DO $$ BEGIN ASSERT (SELECT marked_at > now() - interval '1 minute' FROM history);"
            " END $$");
    assert_int_equal(lost(), before);
    run_sql("UPDATE history SET number = number - 1");
    run_for(300);
    assert_int_equal(lost(), before + 1);
    run_sql("UPDATE history SET marked_at = now() + interval '1 hour'"); /* the clock went back */
    run_for(300);
    run_sql("DO $$ BEGIN ASSERT (SELECT marked_at <= now() FROM history); END $$");
    assert_int_equal(lost(), before + 1);
}

static void it_is_noticed_without_a_new_connection_too(void **state)
{
    (void)state;
    with_store(&(struct store_config){.conninfo = f.server_conninfo, .history_ms = 50},
               check_once_a_minute);
}

static enum reason look_for(const char *conninfo, struct store_timelines *timelines)
{
    struct store *store =
        store_new(f.loop, &(struct store_config){.conninfo = conninfo, .timelines = timelines});
    enum reason problem = R_DATABASE_UNAVAILABLE;
    for (int i = 0; i < 500 && problem != R_NONE && problem != R_DATABASE_SUPERSEDED; i++) {
        run_for(10);
        problem = store_problem(store);
    }
    store_free(store);
    return problem;
}

static uint64_t system_number(void)
{
    PGconn *pg = PQconnectdb(f.conninfo);
    PGresult *result = PQexec(pg, "SELECT system_identifier::text FROM pg_control_system()");
    uint64_t system = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(pg);
    assert_true(system != 0);
    return system;
}

static struct store_timelines *timelines;

static void check_superseded(void)
{
    wait_ready();
    assert_int_equal(pg_timelines_latest(timelines, system_number()), 1);
    pg_timelines_note(timelines, system_number(), 2); /* as another worker does */
    for (int i = 0; i < 500 && store_problem(f.store) != R_DATABASE_SUPERSEDED; i++) {
        run_for(10);
    }
    assert_int_equal(store_problem(f.store), R_DATABASE_SUPERSEDED);
}

static void what_one_worker_has_seen_counts_for_all(void **state)
{
    struct err err = {0};
    (void)state;
    assert_ok(store_timelines_new(&timelines, &err), &err);
    assert_int_equal(look_for(f.server_conninfo, timelines), R_NONE);
    with_store(&(struct store_config){.conninfo = f.server_conninfo, .timelines = timelines},
               check_superseded);
    assert_int_equal(look_for(f.server_conninfo, timelines), R_DATABASE_SUPERSEDED);
    assert_int_equal(look_for(f.server_conninfo, NULL), R_NONE);
}

static void timelines_of_clusters_count_up(void **state)
{
    struct store_timelines *seen;
    struct err err = {0};
    (void)state;
    assert_ok(store_timelines_new(&seen, &err), &err);
    assert_int_equal(pg_timelines_latest(seen, 7), 0);
    assert_int_equal(pg_timelines_latest(NULL, 7), 0);
    pg_timelines_note(NULL, 7, 3);
    pg_timelines_note(seen, 7, 3);
    pg_timelines_note(seen, 7, 2);
    pg_timelines_note(seen, 8, 1);
    assert_int_equal(pg_timelines_latest(seen, 7), 3);
    assert_int_equal(pg_timelines_latest(seen, 8), 1);
    for (uint64_t system = 9; system < 100; system++) { /* more than are remembered */
        pg_timelines_note(seen, system, 5);
    }
    assert_int_equal(pg_timelines_latest(seen, 7), 3);
    assert_int_equal(pg_timelines_latest(seen, 9), 5);
    assert_int_equal(pg_timelines_latest(seen, 99), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_database_is_too_old_and_migrates_once),
        cmocka_unit_test(a_full_line_says_overloaded),
        cmocka_unit_test(a_connection_that_is_about_to_be_opened_is_waited_for),
        cmocka_unit_test(one_who_waits_opens_one_connection),
        cmocka_unit_test(who_waits_for_what_can_not_be_opened_is_told),
        cmocka_unit_test(a_column_of_another_type_is_noticed_at_connect),
        cmocka_unit_test(a_newer_schema_says_whether_it_works_with_us),
        cmocka_unit_test(a_newer_schema_is_noticed_on_old_connections),
        cmocka_unit_test(migrating_leaves_a_newer_schema_that_works_with_us),
        cmocka_unit_test(a_database_that_went_back_is_noticed_at_connect),
        cmocka_unit_test(it_is_noticed_without_a_new_connection_too),
        cmocka_unit_test(timelines_of_clusters_count_up),
        cmocka_unit_test(what_one_worker_has_seen_counts_for_all),
    };
    return cmocka_run_group_tests(tests, store_set_up_empty, store_tear_down);
}

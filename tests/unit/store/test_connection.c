/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: the schema must be ours, to the last column; a full line refuses. */
#include "store_fixture.h"

#include "store/cache/lookups.h"
#include "store/migrate/migrate.h"

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
    wait_refused();
    assert_ok(migrate_apply(f.conninfo, count_report, &applied, &f.err), &f.err);
    assert_int_equal(applied, MIGRATION_COUNT);
    assert_ok(migrate_apply(f.conninfo, count_report, &applied, &f.err), &f.err);
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
        lookups_submit(lookups, &ops[i], LOOKUP_TENANT_BY_NAME, slice_str("contoso"));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_database_is_too_old_and_migrates_once),
        cmocka_unit_test(a_full_line_says_overloaded),
        cmocka_unit_test(a_column_of_another_type_is_noticed_at_connect),
    };
    return cmocka_run_group_tests(tests, store_set_up_empty, store_tear_down);
}

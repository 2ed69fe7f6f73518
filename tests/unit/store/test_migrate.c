/* SPDX-License-Identifier: Apache-2.0 */
/* Migrations of our own in place of the program's: whatever a text has in it, it is applied or told. */
#include "chancery_test.h"

#include <stdlib.h>

#include "store/migrate/migrate.h"

/* What migrate_apply calls behind them. */
static const char LAST[] =
    "CREATE FUNCTION audit_note_gap(uuid) RETURNS boolean LANGUAGE sql AS 'SELECT false';"
    "CREATE FUNCTION audit_extend(integer, timestamptz, bigint) RETURNS integer LANGUAGE sql"
    " AS 'SELECT 0';";

/* The linker takes these, and leaves the program's where they are. */
const struct migration MIGRATIONS[] = {
    {1, "comments", "01", "-- nothing but words\n"},
    {2, "nothing", "02", ""},
    {5, "last", "05", LAST},
    {6, "wrong", "06", "SELECT no_such_column"},
};
const size_t MIGRATION_COUNT = sizeof MIGRATIONS / sizeof MIGRATIONS[0];

static int reported[4], count;

static void report(void *ctx, int version, const char *name)
{
    (void)ctx;
    (void)name;
    reported[count++] = version;
}

static void a_text_without_statements_is_applied(void **state)
{
    struct err err = {0};
    (void)state;
    assert_false(migrate_apply(getenv("CHANCERY_TEST_DB"), report, NULL, &err).ok);
    assert_int_equal(err.reason, R_DATABASE_ERROR);
    assert_string_equal(err.detail, "42703: column \"no_such_column\" does not exist");
    assert_int_equal(count, 4);
    assert_int_equal(reported[2], 5);
}

static void what_was_applied_is_not_applied_again(void **state)
{
    struct err err = {0};
    (void)state;
    count = 0;
    assert_false(migrate_apply(getenv("CHANCERY_TEST_DB"), report, NULL, &err).ok);
    assert_int_equal(count, 1);
    assert_int_equal(reported[0], 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_without_statements_is_applied),
        cmocka_unit_test(what_was_applied_is_not_applied_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

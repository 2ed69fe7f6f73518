/* SPDX-License-Identifier: Apache-2.0 */
/* Super users: power that is switched on, bounded, and ends by itself. */
#include "store_fixture.h"

#include <stdio.h>

static const int64_t DAY_US = 86400LL * 1000000;

static enum reason grant(const char *principal, int64_t from_now_us)
{
    struct super_user_row row = super_user(principal, from_now_us);
    struct change_op *op = change(CONTOSO);
    super_user_store_grant(op, &row, principal);
    return wait_for(&op->op);
}

static enum reason revoke(const char *principal)
{
    struct change_op *op = change(CONTOSO);
    super_user_store_revoke(op, principal);
    return wait_for(&op->op);
}

static void power_is_granted_moved_and_revoked(void **state)
{
    (void)state;
    assert_int_equal(grant("user:eve@contoso.com", DAY_US), R_NONE);
    assert_int_equal(grant("user:eve@contoso.com", 2 * DAY_US), R_NONE);
    struct super_user_list *list = list_super_users();
    assert_int_equal(list->count, 1);
    assert_string_equal(list->rows[0].principal, "user:eve@contoso.com");
    assert_string_equal(list->rows[0].reason, "hold");
    assert_true(list->rows[0].expires_at > clock_unix_us() + DAY_US);
    assert_int_equal(count_audit("grant_super_user", NULL), 2);
    assert_int_equal(revoke("user:eve@contoso.com"), R_NONE);
    assert_int_equal(revoke("user:eve@contoso.com"), R_NOT_FOUND);
    assert_int_equal(count_audit("revoke_super_user", NULL), 1);
    assert_int_equal(list_super_users()->count, 0);
}

static void power_that_has_ended_is_not_listed(void **state)
{
    (void)state;
    assert_int_equal(grant("user:past@contoso.com", -1000000), R_NONE);
    assert_int_equal(list_super_users()->count, 0);
}

static void a_tenant_has_a_bounded_number_of_super_users(void **state)
{
    (void)state;
    for (int i = 0; i < SUPER_USERS_MAX; i++) {
        char principal[64];
        snprintf(principal, sizeof principal, "user:u%d@contoso.com", i);
        assert_int_equal(grant(principal, DAY_US), R_NONE);
    }
    assert_int_equal(grant("user:more@contoso.com", DAY_US), R_LIMIT_EXCEEDED);
    assert_int_equal(grant("user:u1@contoso.com", 2 * DAY_US), R_NONE); /* who is there already */
    assert_int_equal(list_super_users()->count, SUPER_USERS_MAX);
    for (int i = 0; i < SUPER_USERS_MAX; i++) {
        char principal[64];
        snprintf(principal, sizeof principal, "user:u%d@contoso.com", i);
        assert_int_equal(revoke(principal), R_NONE);
    }
}

static struct power_names *names_of(const char *address)
{
    struct power_names *names = ARENA_NEW(f.arena, struct power_names);
    *names = (struct power_names){.tenant = CONTOSO, .address = address};
    prepare(&names->op);
    super_user_store_find_names(names);
    assert_int_equal(wait_for(&names->op), R_NONE);
    return names;
}

static void assert_names(const char *address, const char *expected)
{
    struct power_names *names = names_of(address);
    char all[256] = "";
    for (size_t i = 0, len = 0; i < names->count; i++) {
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i == 0 ? "" : " ",
                                names->names[i]);
    }
    assert_string_equal(all, expected);
    assert_true(names->is_whole);
}

/* Members at any depth by all their names; who is no entry, by the one that they are a member by. */
static void behind_a_name_stand_all_who_would_have_power(void **state)
{
    (void)state;
    int64_t before = names_of("al@contoso.com")->known.epoch;
    run_sql(
        "SELECT directory_put(tenant, '', '{al@contoso.com,bo@contoso.com}', '{\"\",\"\"}', '{f,f}', "
        "'{a.l@contoso.com}', '{al@contoso.com}', '{g@contoso.com,h@contoso.com}', "
        "'{\"\",\"\"}', '{\"\",\"\"}', '{g@contoso.com,g@contoso.com,h@contoso.com}', "
        "'{h@contoso.com,bo@contoso.com,al@contoso.com}') FROM tenant WHERE name = 'contoso'");
    run_sql("INSERT INTO directory_member SELECT tenant, 'h@contoso.com', 'ann@fabrikam.com' "
            "FROM tenant WHERE name = 'contoso'");
    assert_names("al@contoso.com", "a.l@contoso.com al@contoso.com");
    assert_names("a.l@contoso.com", "a.l@contoso.com al@contoso.com");
    assert_names("bo@contoso.com", "bo@contoso.com");
    assert_names("h@contoso.com", "a.l@contoso.com al@contoso.com ann@fabrikam.com h@contoso.com");
    assert_names("g@contoso.com", "a.l@contoso.com al@contoso.com ann@fabrikam.com bo@contoso.com "
                                  "g@contoso.com h@contoso.com");
    assert_names("nobody@contoso.com", "");
    assert_int_not_equal(names_of("al@contoso.com")->known.epoch, before);
    assert_false(uuid_eq(names_of("al@contoso.com")->known.scope, CONTOSO.u));
}

static void a_group_that_is_too_large_to_be_read_is_not_whole(void **state)
{
    (void)state;
    run_sql("INSERT INTO directory_member SELECT tenant, 'h@contoso.com', 'p' || n || "
            "'@contoso.com' FROM tenant, generate_series(1, 998) AS n WHERE name = 'contoso'");
    assert_false(names_of("g@contoso.com")->is_whole); /* g, h, al, bo, ann and these */
    run_sql("DELETE FROM directory_member WHERE member ~ '^p[0-9]+@' AND member > 'p99'");
    assert_true(names_of("g@contoso.com")->is_whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_is_granted_moved_and_revoked),
        cmocka_unit_test(power_that_has_ended_is_not_listed),
        cmocka_unit_test(a_tenant_has_a_bounded_number_of_super_users),
        cmocka_unit_test(behind_a_name_stand_all_who_would_have_power),
        cmocka_unit_test(a_group_that_is_too_large_to_be_read_is_not_whole),
    };
    return cmocka_run_group_tests(tests, store_set_up_tenant, store_tear_down);
}

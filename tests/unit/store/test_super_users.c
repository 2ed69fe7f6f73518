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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_is_granted_moved_and_revoked),
        cmocka_unit_test(power_that_has_ended_is_not_listed),
        cmocka_unit_test(a_tenant_has_a_bounded_number_of_super_users),
    };
    return cmocka_run_group_tests(tests, store_set_up_tenant, store_tear_down);
}

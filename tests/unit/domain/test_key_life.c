/* SPDX-License-Identifier: Apache-2.0 */
/* What may be done to a version of a tenant's key (docs/policy.md §12). */
#include "chancery_test.h"

#include "domain/relations/key_life.h"

enum kind { ACTIVE, ARCHIVED, REVOKED, DESTROYING, DESTROYED, KINDS };

static struct key_version version_of(uint32_t number, enum kind kind)
{
    static const enum key_state states[KINDS] = {[ACTIVE] = KEY_ACTIVE,
                                                 [ARCHIVED] = KEY_ARCHIVED,
                                                 [REVOKED] = KEY_IS_REVOKED,
                                                 [DESTROYING] = KEY_IS_REVOKED,
                                                 [DESTROYED] = KEY_IS_DESTROYED};
    return (struct key_version){
        .version = number, .state = states[kind], .is_destroying = kind == DESTROYING};
}

/* Version 1 of each kind, beside an active version 2 unless it is that itself. */
static void each_state_allows_what_it_allows(void **state)
{
    (void)state;
    static const enum key_verdict verdicts[KINDS][5] = {
        /* revoke, restore, destroy, cancel, activate */
        [ACTIVE] = {KEY_IN_USE, KEY_WRONG_STATE, KEY_IN_USE, KEY_WRONG_STATE, KEY_WRONG_STATE},
        [ARCHIVED] = {KEY_MAY, KEY_WRONG_STATE, KEY_MAY, KEY_WRONG_STATE, KEY_MAY},
        [REVOKED] = {KEY_WRONG_STATE, KEY_MAY, KEY_MAY, KEY_WRONG_STATE, KEY_WRONG_STATE},
        [DESTROYING] = {KEY_WRONG_STATE, KEY_WRONG_STATE, KEY_WRONG_STATE, KEY_MAY,
                        KEY_WRONG_STATE},
        [DESTROYED] = {KEY_WRONG_STATE, KEY_WRONG_STATE, KEY_WRONG_STATE, KEY_WRONG_STATE,
                       KEY_WRONG_STATE},
    };
    for (int kind = 0; kind < KINDS; kind++) {
        for (int act = 0; act < 5; act++) {
            const struct key_version items[] = {version_of(1, (enum kind)kind),
                                                version_of(2, ACTIVE)};
            struct key_versions all = {items, kind == ACTIVE ? 1 : 2};
            assert_int_equal(key_life_check(all, 1, (enum key_act)act), verdicts[kind][act]);
        }
    }
}

static void what_is_not_there_is_missing(void **state)
{
    (void)state;
    const struct key_version items[] = {version_of(2, ARCHIVED), version_of(3, ACTIVE)};
    struct key_versions all = {items, 2};
    assert_int_equal(key_life_check(all, 1, KEY_REVOKE), KEY_MISSING);
    assert_int_equal(key_life_check(all, 4, KEY_DESTROY), KEY_MISSING);
    assert_int_equal(key_life_check((struct key_versions){NULL, 0}, 0, KEY_RESTORE), KEY_MISSING);
}

/* Where none is active, nothing goes for ever. */
static void the_last_one_stays(void **state)
{
    (void)state;
    const struct key_version items[] = {version_of(1, ARCHIVED), version_of(2, REVOKED)};
    struct key_versions all = {items, 2};
    assert_int_equal(key_life_check(all, 1, KEY_DESTROY), KEY_IN_USE);
    assert_int_equal(key_life_check(all, 2, KEY_DESTROY), KEY_IN_USE);
    assert_int_equal(key_life_check(all, 1, KEY_REVOKE), KEY_MAY);
    assert_null(key_life_active(all));
}

/* One below the lowest that opens does not become the active one; all else may be done to it. */
static void what_is_shut_stays_shut(void **state)
{
    (void)state;
    struct key_version items[] = {version_of(1, ARCHIVED), version_of(2, REVOKED),
                                  version_of(3, ARCHIVED), version_of(4, ACTIVE)};
    struct key_versions all = {items, 4};
    assert_int_equal(key_life_min(all), 1);
    items[0].is_shut = items[1].is_shut = true;
    assert_int_equal(key_life_min(all), 3);
    assert_int_equal(key_life_check(all, 1, KEY_ACTIVATE), KEY_WRONG_STATE);
    assert_int_equal(key_life_check(all, 3, KEY_ACTIVATE), KEY_MAY);
    assert_int_equal(key_life_check(all, 1, KEY_REVOKE), KEY_MAY);
    assert_int_equal(key_life_check(all, 2, KEY_RESTORE), KEY_MAY);
    assert_int_equal(key_life_check(all, 2, KEY_DESTROY), KEY_MAY);
}

static void the_lowest_is_at_most_the_active_one(void **state)
{
    (void)state;
    const struct key_version items[] = {version_of(1, DESTROYED), version_of(2, ACTIVE),
                                        version_of(3, ARCHIVED)};
    struct key_versions all = {items, 3};
    assert_int_equal(key_life_check_min(all, 1), KEY_MAY);
    assert_int_equal(key_life_check_min(all, 2), KEY_MAY);
    assert_int_equal(key_life_check_min(all, 3), KEY_WRONG_STATE);
    assert_int_equal(key_life_check_min(all, 4), KEY_MISSING);
    assert_int_equal(key_life_check_min((struct key_versions){items, 1}, 1), KEY_WRONG_STATE);
}

static void no_number_comes_twice(void **state)
{
    (void)state;
    const struct key_version items[] = {version_of(1, ACTIVE), version_of(2, ARCHIVED),
                                        version_of(7, DESTROYED)};
    struct key_versions all = {items, 3};
    assert_int_equal(key_life_next(all), 8);
    assert_int_equal(key_life_next((struct key_versions){NULL, 0}), 1);
    assert_int_equal(key_life_active(all)->version, 1);
}

static void destroyed_ones_make_room(void **state)
{
    (void)state;
    static const struct {
        enum key_purpose purpose;
        size_t most;
    } rows[] = {{KEY_SEALING, 200}, {KEY_EXCHANGE, 200}, {KEY_SIGNING, 64}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct key_version items[201];
        for (size_t k = 0; k < 201; k++) {
            items[k] = version_of((uint32_t)k + 1, k == 0 ? DESTROYED : REVOKED);
        }
        assert_true(key_life_has_room((struct key_versions){items, rows[i].most}, rows[i].purpose));
        assert_false(
            key_life_has_room((struct key_versions){items, rows[i].most + 1}, rows[i].purpose));
    }
}

static void ages_of_rotation_have_bounds(void **state)
{
    (void)state;
    static const uint32_t may[] = {0, 30, 31, 365, 3650}, may_not[] = {1, 29, 3651, UINT32_MAX};
    for (size_t i = 0; i < sizeof may / sizeof may[0]; i++) {
        assert_true(key_life_may_rotate_after(may[i]));
    }
    for (size_t i = 0; i < sizeof may_not / sizeof may_not[0]; i++) {
        assert_false(key_life_may_rotate_after(may_not[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_allows_what_it_allows),
        cmocka_unit_test(what_is_not_there_is_missing),
        cmocka_unit_test(the_last_one_stays),
        cmocka_unit_test(what_is_shut_stays_shut),
        cmocka_unit_test(the_lowest_is_at_most_the_active_one),
        cmocka_unit_test(no_number_comes_twice),
        cmocka_unit_test(destroyed_ones_make_room),
        cmocka_unit_test(ages_of_rotation_have_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

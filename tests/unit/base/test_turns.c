/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include "base/turns.h"

static const struct uuid BUSY = {{1}}, QUIET = {{2}}, THIRD = {{3}};

struct waiter {
    struct turn turn;
    int number;
};

static struct turns turns;
static struct waiter waiters[10];

static int set_up(void **state)
{
    (void)state;
    turns_init(&turns);
    for (int i = 0; i < 10; i++) {
        waiters[i] = (struct waiter){.number = i};
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    turns_fini(&turns);
    return 0;
}

static int next(void)
{
    struct turn *turn = turns_take(&turns);
    return turn == NULL ? -1 : LIST_ENTRY(turn, struct waiter, turn)->number;
}

static void one_of_every_line_after_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        turns_add(&turns, BUSY, &waiters[i].turn);
    }
    turns_add(&turns, QUIET, &waiters[5].turn);
    turns_add(&turns, THIRD, &waiters[6].turn);
    static const int order[] = {0, 5, 6, 1, 2, 3, 4, -1};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        assert_int_equal(next(), order[i]);
    }
    assert_int_equal(turns.count, 0);
}

static void who_waits_no_longer_leaves_no_gap(void **state)
{
    (void)state;
    turns_add(&turns, BUSY, &waiters[0].turn);
    turns_add(&turns, QUIET, &waiters[1].turn);
    turns_remove(&turns, &waiters[0].turn);
    turns_remove(&turns, &waiters[0].turn);
    turns_remove(&turns, &waiters[9].turn); /* never waited */
    assert_false(turn_waits(&waiters[0].turn));
    assert_int_equal(next(), 1);
    assert_int_equal(next(), -1);
}

static bool is_not(struct uuid key, void *ctx)
{
    return !uuid_eq(key, *(const struct uuid *)ctx);
}

static void a_line_may_be_passed_over(void **state)
{
    (void)state;
    struct uuid busy = BUSY;
    turns_add(&turns, BUSY, &waiters[0].turn);
    assert_null(turns_take_if(&turns, is_not, &busy));
    turns_add(&turns, QUIET, &waiters[1].turn);
    assert_ptr_equal(turns_take_if(&turns, is_not, &busy), &waiters[1].turn);
    assert_int_equal(next(), 0);
}

static void whoever_waits_most_gives_way(void **state)
{
    (void)state;
    assert_null(turns_take_newest_of_longest(&turns));
    turns_add(&turns, QUIET, &waiters[0].turn);
    turns_add(&turns, BUSY, &waiters[1].turn);
    turns_add(&turns, BUSY, &waiters[2].turn);
    assert_ptr_equal(turns_take_newest_of_longest(&turns), &waiters[2].turn);
    assert_int_equal(turns.count, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_of_every_line_after_the_other),
        TEST(who_waits_no_longer_leaves_no_gap),
        TEST(a_line_may_be_passed_over),
        TEST(whoever_waits_most_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

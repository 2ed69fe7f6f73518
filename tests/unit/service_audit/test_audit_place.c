/* SPDX-License-Identifier: Apache-2.0 */
/* Whether one can go on from a place: in which state the database was then, and is now. */
#include "chancery_test.h"

#include "service/audit/audit_place.h"

enum { SECOND = 1000 * 1000 };

static const struct audit_history THEN = {
    .system = "7000000000000000001", .timeline = "00000001", .number = 10, .mark = 77};
static const int64_t ASKED_AT = INT64_C(1800000000) * SECOND;

static struct audit_place place;
static struct audit_settled now;

static int set_up(void **state)
{
    (void)state;
    place = (struct audit_place){.at = ASKED_AT - SECOND, .asked_at = ASKED_AT, .history = THEN};
    now = (struct audit_settled){.asked_at = ASKED_AT + SECOND, .history = THEN};
    return 0;
}

static enum reason outcome(int64_t passed_us)
{
    struct err err = {0};
    return audit_place_check(&place, &now, passed_us, &err).ok ? R_NONE : err.reason;
}

static void as_time_goes_on_one_goes_on(void **state)
{
    (void)state;
    assert_int_equal(outcome(0), R_NONE);
    now.history.number = 11;
    now.history.mark = 78;
    assert_int_equal(outcome(SECOND), R_NONE);
}

static void who_was_never_there_may_begin(void **state)
{
    (void)state;
    place = (struct audit_place){.at = 1};
    assert_int_equal(outcome(0), R_NONE);
}

static void another_cluster_or_timeline_is_another_log(void **state)
{
    (void)state;
    now.history.system[0] = '8';
    assert_int_equal(outcome(0), R_LOG_WENT_BACK);
    now.history = THEN;
    now.history.timeline[7] = '2';
    now.history.number = 12;
    assert_int_equal(outcome(0), R_LOG_WENT_BACK);
}

static void fewer_marks_or_other_ones_are_an_older_state(void **state)
{
    (void)state;
    now.history.number = 9;
    assert_int_equal(outcome(0), R_LOG_WENT_BACK);
    now.history.number = 10;
    now.history.mark = 78;
    assert_int_equal(outcome(0), R_LOG_WENT_BACK);
}

/* By more than half a second, as the log is read up to a second ago. */
static void a_clock_that_was_set_back_is_noticed(void **state)
{
    (void)state;
    now.asked_at = ASKED_AT - SECOND / 2;
    assert_int_equal(outcome(0), R_NONE);
    now.asked_at--;
    assert_int_equal(outcome(0), R_LOG_WENT_BACK);
}

/* Though it has passed the place again: our own clock says how far it should be. */
static void a_clock_that_was_set_back_for_a_while_is_noticed(void **state)
{
    (void)state;
    now.asked_at = ASKED_AT + 10 * SECOND;
    assert_int_equal(outcome(10 * SECOND), R_NONE);
    assert_int_equal(outcome(10 * SECOND + SECOND / 2), R_NONE);
    assert_int_equal(outcome(10 * SECOND + SECOND / 2 + 1), R_LOG_WENT_BACK);
}

static void what_was_gone_at_the_beginning_is_no_loss(void **state)
{
    (void)state;
    place.kept_since = now.kept_since = place.at + SECOND;
    assert_int_equal(outcome(0), R_NONE);
}

/* Though the place is behind it by now: pages were read meanwhile. */
static void a_month_that_goes_before_it_was_read_is_told(void **state)
{
    (void)state;
    place.checked_at = place.at - 2 * SECOND;
    now.kept_since = place.at - SECOND;
    assert_int_equal(outcome(0), R_LOG_DROPPED);
    place.checked_at = now.kept_since;
    assert_int_equal(outcome(0), R_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(as_time_goes_on_one_goes_on, set_up),
        cmocka_unit_test_setup(who_was_never_there_may_begin, set_up),
        cmocka_unit_test_setup(another_cluster_or_timeline_is_another_log, set_up),
        cmocka_unit_test_setup(fewer_marks_or_other_ones_are_an_older_state, set_up),
        cmocka_unit_test_setup(a_clock_that_was_set_back_is_noticed, set_up),
        cmocka_unit_test_setup(a_clock_that_was_set_back_for_a_while_is_noticed, set_up),
        cmocka_unit_test_setup(what_was_gone_at_the_beginning_is_no_loss, set_up),
        cmocka_unit_test_setup(a_month_that_goes_before_it_was_read_is_told, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

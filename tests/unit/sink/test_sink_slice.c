/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the log's time a sink's page looks through. */
#include "chancery_test.h"

#include "sink/sink_slice.h"

static const int64_t HOUR = 3600 * 1000000LL, NOW = 1800000000 * 1000000LL;

static void a_slice_ends_where_the_log_is_settled(void **state)
{
    struct sink_slice slice = sink_slice_first();
    (void)state;
    assert_int_equal(sink_slice_end(slice, NOW - 2 * HOUR, NOW, 0), NOW - HOUR);
    assert_int_equal(sink_slice_end(slice, NOW - HOUR / 2, NOW, 0), NOW);
    assert_int_equal(sink_slice_end(slice, NOW, NOW, 0), NOW);
}

/* Else it would be told that it has missed what left before it began. */
static void who_begins_looks_behind_what_has_left(void **state)
{
    struct sink_slice slice = sink_slice_first();
    (void)state;
    assert_int_equal(sink_slice_end(slice, 0, NOW, 0), HOUR);
    assert_int_equal(sink_slice_end(slice, 0, NOW, NOW - HOUR), NOW - HOUR);
    assert_int_equal(sink_slice_end(slice, 0, NOW, HOUR / 2), HOUR);
    assert_int_equal(sink_slice_end(slice, NOW - 3 * HOUR, NOW, NOW - HOUR), NOW - 2 * HOUR);
}

static void a_log_of_decades_is_passed_in_a_few_pages(void **state)
{
    struct sink_slice slice = sink_slice_first();
    int64_t at = 0;
    int pages = 0;
    (void)state;
    for (; at < NOW; pages++) {
        at = sink_slice_end(slice, at, NOW, 0);
        sink_slice_took(&slice, 1);
    }
    assert_true(pages <= 20);
    for (int i = 0; i < 100; i++) {
        sink_slice_took(&slice, 1);
    }
    assert_true(slice.us > HOUR && NOW + slice.us > NOW); /* it grows no further */
}

static void slow_slices_get_shorter_and_others_stay(void **state)
{
    struct sink_slice slice = sink_slice_first();
    (void)state;
    sink_slice_took(&slice, 500);
    assert_int_equal(slice.us, HOUR);
    sink_slice_took(&slice, 1000);
    assert_int_equal(slice.us, HOUR / 2);
}

static void one_that_is_as_short_as_can_be_is_not_halved(void **state)
{
    struct sink_slice slice = sink_slice_first();
    int halved = 0;
    (void)state;
    while (sink_slice_halve(&slice)) {
        halved++;
        assert_true(halved < 64);
    }
    assert_true(halved > 20 && slice.us >= 1000);
    sink_slice_took(&slice, 5000);
    assert_true(slice.us >= 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_ends_where_the_log_is_settled),
        cmocka_unit_test(who_begins_looks_behind_what_has_left),
        cmocka_unit_test(a_log_of_decades_is_passed_in_a_few_pages),
        cmocka_unit_test(slow_slices_get_shorter_and_others_stay),
        cmocka_unit_test(one_that_is_as_short_as_can_be_is_not_halved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a second, and how many may come at once (docs/policy.md §11.1). */
#include "chancery_test.h"

#include "domain/relations/rate_bucket.h"
#include "domain/values/tenant_limits.h"

static struct mono_time at_ms(int64_t ms)
{
    return mono_add_ms((struct mono_time){1000}, ms);
}

/* How many of so many calls are let in when one comes each `every_us`. */
static int let_in(struct rate rate, uint32_t share, int64_t every_us, int calls)
{
    struct rate_bucket bucket = rate_bucket_new(rate, at_ms(0));
    int count = 0;
    for (int i = 0; i < calls; i++) {
        struct mono_time now = {at_ms(0).ns + i * every_us * 1000};
        rate_bucket_fill(&bucket, rate, share, now);
        if (rate_bucket_wait_ns(&bucket, rate, share, 1) == 0) {
            rate_bucket_take(&bucket, 1);
            count++;
        }
    }
    return count;
}

static void so_many_come_at_once_and_so_many_a_second(void **state)
{
    (void)state;
    static const struct {
        struct rate rate;
        int64_t every_us;
        uint32_t share;
        int calls, least, most;
    } cases[] = {
        {{10, 1}, 0, RATE_SHARE_ALL, 100, 10, 10}, /* at once */
        {{10, 5}, 0, RATE_SHARE_ALL, 100, 50, 50},
        {{10, 1}, 1000, RATE_SHARE_ALL, 10000, 109, 110}, /* in ten seconds */
        {{10, 1}, 200000, RATE_SHARE_ALL, 100, 100, 100}, /* slower than may be */
        {{10, 1}, 1000, RATE_SHARE_ALL / 2, 10000, 54, 55},
        {{1, 1}, 1000, RATE_SHARE_ALL, 10000, 10, 11},
        {{100000, 1}, 3, RATE_SHARE_ALL, 1000000, 390000, 400001}, /* in three seconds */
        {{100000, 60}, 0, RATE_SHARE_ALL, 100, 100, 100},
        {{2, 1}, 1000000, 1, 1000, 1, 2}, /* a part that is next to nothing */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int count = let_in(cases[i].rate, cases[i].share, cases[i].every_us, cases[i].calls);
        assert_in_range(count, cases[i].least, cases[i].most);
    }
}

static void the_wait_is_just_long_enough(void **state)
{
    (void)state;
    static const struct rate rates[] = {{1, 1}, {3, 1}, {10, 2}, {999, 5}, {100000, 60}};
    static const uint32_t shares[] = {RATE_SHARE_ALL, RATE_SHARE_ALL / 3, 20000};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        for (size_t j = 0; j < sizeof shares / sizeof shares[0]; j++) {
            struct rate_bucket bucket = rate_bucket_new(rates[i], at_ms(0));
            rate_bucket_fill(&bucket, rates[i], shares[j], at_ms(0));
            rate_bucket_take(&bucket, (uint32_t)(bucket.holds / 1000000000));
            int64_t wait_ns = rate_bucket_wait_ns(&bucket, rates[i], shares[j], 1);
            assert_true(wait_ns > 0);
            struct rate_bucket early = bucket;
            rate_bucket_fill(&early, rates[i], shares[j],
                             (struct mono_time){at_ms(0).ns + wait_ns * 9 / 10 - 2000000});
            assert_true(wait_ns < 3000000 ||
                        rate_bucket_wait_ns(&early, rates[i], shares[j], 1) > 0);
            rate_bucket_fill(&bucket, rates[i], shares[j],
                             (struct mono_time){at_ms(0).ns + wait_ns + 1000});
            assert_int_equal(rate_bucket_wait_ns(&bucket, rates[i], shares[j], 1), 0);
        }
    }
}

/* One that is larger than what may come at once has its turn, and owes the rest. */
static void a_batch_owes_what_it_took_too_much(void **state)
{
    (void)state;
    struct rate rate = {10, 1};
    struct rate_bucket bucket = rate_bucket_new(rate, at_ms(0));
    assert_int_equal(rate_bucket_wait_ns(&bucket, rate, RATE_SHARE_ALL, 100), 0);
    rate_bucket_take(&bucket, 100);
    rate_bucket_fill(&bucket, rate, RATE_SHARE_ALL, at_ms(9000));
    assert_true(rate_bucket_wait_ns(&bucket, rate, RATE_SHARE_ALL, 1) > 0);
    rate_bucket_fill(&bucket, rate, RATE_SHARE_ALL, at_ms(9101));
    assert_int_equal(rate_bucket_wait_ns(&bucket, rate, RATE_SHARE_ALL, 1), 0);
    rate_bucket_fill(&bucket, rate, RATE_SHARE_ALL, at_ms(9200));
    assert_true(rate_bucket_wait_ns(&bucket, rate, RATE_SHARE_ALL, 100) > 0);
    rate_bucket_return(&bucket, 100);
    assert_int_equal(rate_bucket_wait_ns(&bucket, rate, RATE_SHARE_ALL, 100), 0);
}

static void what_others_share_owes_a_second_at_most(void **state)
{
    (void)state;
    struct rate rate = {10, 2};
    struct rate_bucket bucket = rate_bucket_new(rate, (struct mono_time){0});
    rate_bucket_take(&bucket, 25);
    rate_bucket_bound_debt(&bucket, rate, RATE_SHARE_ALL);
    assert_int_equal(bucket.holds / 1000000000, -5);
    rate_bucket_take(&bucket, 1000);
    rate_bucket_bound_debt(&bucket, rate, RATE_SHARE_ALL);
    assert_int_equal(bucket.holds / 1000000000, -10);
    rate_bucket_bound_debt(&bucket, rate, RATE_SHARE_ALL / 2);
    assert_int_equal(bucket.holds / 1000000000, -5);
}

static void a_long_time_brings_no_more_than_fits(void **state)
{
    (void)state;
    struct rate rate = {CALLS_PER_SECOND_MAX, 60};
    struct rate_bucket bucket = rate_bucket_new(rate, (struct mono_time){0}), full = bucket;
    rate_bucket_take(&bucket, 1000);
    rate_bucket_fill(&bucket, rate, RATE_SHARE_ALL, (struct mono_time){INT64_MAX / 2});
    assert_int_equal(bucket.holds, full.holds);
    rate_bucket_fill(&bucket, rate, 1, (struct mono_time){INT64_MAX / 2}); /* a smaller part */
    assert_true(bucket.holds < full.holds && bucket.holds >= 1000000000);
}

static void parts_are_as_large_as_what_is_asked(void **state)
{
    (void)state;
    assert_int_equal(rate_share(100, 0), RATE_SHARE_ALL);
    assert_int_equal(rate_share(0, 0), RATE_SHARE_ALL);
    assert_int_equal(rate_share(100, 100), RATE_SHARE_ALL / 2);
    assert_int_equal(rate_share(10, 90), RATE_SHARE_ALL / 10);
    assert_int_equal(rate_share(0, INT64_MAX / 2), 1);
    assert_int_equal(rate_share(0, 3), RATE_SHARE_ALL / 4);
    struct rate rate = {160, 1};
    assert_false(rate_is_near(rate, 9));
    assert_true(rate_is_near(rate, 10));
    assert_false(rate_is_near((struct rate){1, 1}, 0));
    assert_int_equal(rate_demand(0, 10), 5);
    assert_int_equal(rate_demand(10, 10), 10);
    assert_int_equal(rate_demand(1, 0), 0);
    assert_int_equal(rate_demand(0, 1), 1);
}

static void quotas_have_names_and_count_one_use_each(void **state)
{
    (void)state;
    struct tenant_limits limits = {
        .contents_per_day = 1, .contents_per_month = 2, .licenses_per_day = 3};
    static const char *const names[] = {"contents_per_day", "contents_per_month",
                                        "licenses_per_day"};
    for (int i = QUOTA_CONTENTS_DAY; i <= QUOTAS; i++) {
        enum quota quota = (enum quota)i;
        assert_string_equal(tenant_limits_name(quota), names[i - 1]);
        assert_int_equal(tenant_limits_most(&limits, quota), i);
        assert_true(tenant_limits_counts(quota, USE_CONTENT) !=
                    tenant_limits_counts(quota, USE_LICENSE));
    }
    assert_true(tenant_limits_counts(QUOTA_LICENSES_DAY, USE_LICENSE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_come_at_once_and_so_many_a_second),
        cmocka_unit_test(the_wait_is_just_long_enough),
        cmocka_unit_test(a_batch_owes_what_it_took_too_much),
        cmocka_unit_test(what_others_share_owes_a_second_at_most),
        cmocka_unit_test(a_long_time_brings_no_more_than_fits),
        cmocka_unit_test(parts_are_as_large_as_what_is_asked),
        cmocka_unit_test(quotas_have_names_and_count_one_use_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker leases of quotas, spends and gives back (docs/policy.md §11.1). */
#include "auth_world.h"

#include "auth/quota_leases.h"
#include "auth/rate_limits.h"

enum { ASKERS = 8, DAY_US = 1000000, FIRST = 5 };

static const struct tenant_id FIRM = {{{7}}};

static struct asker {
    struct quota_wait wait;
    bool is_done;
} askers[ASKERS];

static void asked(struct quota_wait *wait)
{
    LIST_ENTRY(wait, struct asker, wait)->is_done = true;
}

static struct quota_leases *leases(void)
{
    return world.services.quota_leases;
}

static void ask(size_t which, int64_t most)
{
    askers[which] = (struct asker){
        .wait = {.tenant = FIRM, .quota = QUOTA_CONTENTS_DAY, .most = most, .done = asked}};
    quota_leases_ask(leases(), &askers[which].wait);
    assert_false(askers[which].is_done); /* never from inside */
}

static void expect(size_t which, enum reason reason)
{
    assert_true(askers[which].is_done);
    assert_int_equal(askers[which].wait.err.reason, reason);
}

static void there_are(int64_t most, int64_t lease)
{
    fake_store.is_ready = true;
    fake_store.quota = (struct fake_quota){
        .most = most, .lease = lease, .begins = FIRST, .left_us = 3600 * INT64_C(1000000)};
}

static bool take(int64_t *begins)
{
    return quota_leases_take(leases(), FIRM, QUOTA_CONTENTS_DAY, begins);
}

static void one_statement_serves_all_who_wait(void **state)
{
    (void)state;
    int64_t begins = 0;
    there_are(100, 5);
    assert_false(take(&begins));
    for (size_t i = 0; i < 3; i++) {
        ask(i, 100);
    }
    toy_run_ms(50);
    for (size_t i = 0; i < 3; i++) {
        expect(i, R_NONE);
        assert_int_equal(askers[i].wait.begins, FIRST);
    }
    /* The first asked for itself alone, and got five. */
    assert_true(take(&begins) && begins == FIRST && take(&begins));
    assert_false(take(&begins));
    assert_int_equal(fake_store.quota.used, 5);
}

static void nobody_gets_more_than_there_is(void **state)
{
    (void)state;
    there_are(2, 0);
    for (size_t i = 0; i < 5; i++) {
        ask(i, 2);
    }
    toy_run_ms(50);
    for (size_t i = 0; i < 5; i++) {
        expect(i, i < 2 ? R_NONE : R_QUOTA_EXCEEDED);
    }
    assert_int_equal(askers[4].wait.most, 2);
    assert_in_range(askers[4].wait.left_ms, 3500000, 3600001);
    /* For a moment nobody is asked again, unless the limit is known to be another one. */
    fake_store.quota.most = 3;
    ask(5, 2);
    toy_run_ms(50);
    expect(5, R_QUOTA_EXCEEDED);
    ask(6, 3);
    toy_run_ms(50);
    expect(6, R_NONE);
}

static void what_is_unused_goes_back(void **state)
{
    (void)state;
    int64_t begins = 0;
    there_are(100, 10);
    ask(0, 100);
    toy_run_ms(50);
    assert_true(take(&begins));
    quota_leases_give_back(leases(), FIRM, QUOTA_CONTENTS_DAY, begins);
    toy_run_ms(3000);
    assert_int_equal(fake_store.quota.used, 1); /* what the first one got */
    /* What comes back after that is of no lease any more, or of another one: it goes to its own period. */
    quota_leases_give_back(leases(), FIRM, QUOTA_CONTENTS_DAY, begins + 1);
    assert_false(take(&begins));
}

static void a_lease_ends_with_its_day(void **state)
{
    (void)state;
    int64_t begins = 0;
    there_are(100, 10);
    fake_store.quota.left_us = DAY_US / 10;
    ask(0, 100);
    toy_run_ms(50);
    assert_true(take(&begins));
    toy_run_ms(200);
    assert_false(take(&begins));
    fake_store.quota =
        (struct fake_quota){.most = 100, .lease = 10, .begins = FIRST + 1, .left_us = DAY_US};
    ask(1, 100);
    toy_run_ms(50);
    expect(1, R_NONE);
    quota_leases_give_back(leases(), FIRM, QUOTA_CONTENTS_DAY, FIRST); /* of yesterday */
    for (int i = 0; i < 9; i++) {
        assert_true(take(&begins) && begins == FIRST + 1);
    }
    assert_false(take(&begins));
}

/* A call may take longer than a lease is remembered. */
static void what_comes_back_late_is_returned_too(void **state)
{
    (void)state;
    int64_t begins = 0;
    there_are(100, 1);
    ask(0, 100);
    toy_run_ms(50);
    expect(0, R_NONE);
    toy_run_ms(4000);
    assert_int_equal(fake_store.quota.used, 1);
    quota_leases_give_back(leases(), FIRM, QUOTA_CONTENTS_DAY, askers[0].wait.begins);
    toy_run_ms(50);
    assert_int_equal(fake_store.quota.used, 0);
    assert_false(take(&begins));
}

static void who_leaves_is_not_told_and_failures_are(void **state)
{
    (void)state;
    there_are(100, 0);
    fake_store.is_held = true;
    ask(0, 100);
    ask(1, 100);
    quota_leases_cancel(&askers[0].wait);
    fake_store.is_held = false;
    fake_store_release();
    toy_run_ms(50);
    assert_false(askers[0].is_done);
    expect(1, R_NONE);
    fake_store.failing = "lease";
    fake_store.failure = R_DATABASE_UNAVAILABLE;
    ask(2, 100);
    toy_run_ms(50);
    expect(2, R_DATABASE_UNAVAILABLE);
}

/* Nothing is limited any more: whoever waited goes on. */
static void a_quota_that_was_taken_away_stops_nobody(void **state)
{
    (void)state;
    there_are(0, 0);
    ask(0, 5);
    toy_run_ms(50);
    expect(0, R_NONE);
    assert_int_equal(askers[0].wait.begins, 0);
}

static void flushed(void *ctx)
{
    *(bool *)ctx = true;
}

static void a_worker_that_ends_returns_all(void **state)
{
    (void)state;
    bool is_flushed = false;
    there_are(100, 10);
    ask(0, 100);
    toy_run_ms(50);
    quota_leases_flush(leases(), 1000, flushed, &is_flushed);
    toy_run_ms(50);
    assert_true(is_flushed);
    assert_int_equal(fake_store.quota.used, 1);
}

/* --- calls a second ---------------------------------------------------------------------------------- */

static int let_in(struct rate_limits *limits, const struct rate_ask *asks, size_t count, int calls)
{
    struct rate_refusal refusal;
    int let = 0;
    for (int i = 0; i < calls; i++) {
        let += rate_limits_take(limits, asks, count, 1, 0, &refusal);
    }
    return let;
}

/* Who is asked first has the smaller limit, and the other one loses nothing by what that refuses. */
static void a_call_counts_in_all_limits_or_in_none(void **state)
{
    (void)state;
    struct rate_limits *limits = world.services.rate_limits;
    struct rate_ask asks[] = {{RATE_PRINCIPAL, slice_str("bob"), 3},
                              {RATE_TENANT, slice_str("contoso"), 10}};
    struct rate_ask other[] = {{RATE_PRINCIPAL, slice_str("ann"), 0},
                               {RATE_TENANT, slice_str("contoso"), 10}};
    assert_int_equal(let_in(limits, asks, 2, 50), 6); /* two seconds' at once */
    assert_int_equal(let_in(limits, other, 2, 50), 14);
    struct rate_refusal refusal;
    assert_false(rate_limits_take(limits, other, 2, 1, 0, &refusal));
    assert_int_equal(refusal.ask->kind, RATE_TENANT);
    assert_int_equal(refusal.limit, 10);
    assert_in_range(refusal.wait_ns, 1, 150000000);
}

static void workers_share_by_what_they_are_asked(void **state)
{
    (void)state;
    struct rate_limits *limits = world.services.rate_limits;
    struct rate_ask ask = {RATE_TENANT, slice_str("contoso"), 1000};
    fake_store.is_ready = true;
    (void)let_in(limits, &ask, 1, 4000);
    fake_store.others_demand = 6000;
    toy_run_ms(1100);
    assert_int_equal(fake_store.own_demand,
                     2000); /* of a second in which 4,000 came, and one in which none did */
    (void)let_in(limits, &ask, 1, 4000);
    assert_in_range(let_in(limits, &ask, 1, 4000), 0, 20);
    toy_run_ms(200);
    assert_in_range(let_in(limits, &ask, 1, 4000), 20, 150); /* a quarter of what 0.2 s bring */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, auth_set_up, auth_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_statement_serves_all_who_wait),
        TEST(nobody_gets_more_than_there_is),
        TEST(what_is_unused_goes_back),
        TEST(a_lease_ends_with_its_day),
        TEST(what_comes_back_late_is_returned_too),
        TEST(who_leaves_is_not_told_and_failures_are),
        TEST(a_quota_that_was_taken_away_stops_nobody),
        TEST(a_worker_that_ends_returns_all),
        TEST(a_call_counts_in_all_limits_or_in_none),
        TEST(workers_share_by_what_they_are_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

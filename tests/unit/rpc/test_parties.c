/* SPDX-License-Identifier: Apache-2.0 */
/* Parties: what one may have on its way at the same time, and that its admins are counted apart. */
#include "toy.h"

static const struct tenant_id BUSY = {{{1}}};
static const struct tenant_id QUIET = {{{2}}};
static const struct tenant_id *tenant;

static step joins(struct call *c)
{
    return call_join_party(c, *tenant);
}

static int set_up(void **state)
{
    int failed = toy_set_up(state);
    toy_engine(&(const struct rpc_limits){.party_calls = 2}, &TOY_AUTHENTICATOR);
    toy_serve(&TOY_PLAIN);
    toy_serve(&TOY_CACHED);
    toy.on[A3] = joins;
    toy.on[F1] = toy_waits;
    toy.on[F3] = toy_verifies;
    tenant = &BUSY;
    return failed;
}

static void one_too_many_is_refused_with_a_time_to_wait(void **state)
{
    (void)state;
    struct net_stream *first = toy_ask(&TOY_PLAIN), *second = toy_ask(&TOY_PLAIN);
    struct net_stream *third = toy_ask(&TOY_PLAIN);
    assert_refused(third, R_TENANT_BUSY);
    assert_true(toy_details_have(third, "google.rpc.RetryInfo"));
    assert_string_equal(third->header, "");
    struct net_request http = fake_net_request(TOY_PLAIN.method);
    http.only_unary = true; /* whose end is a status of HTTP */
    struct net_stream *fourth = toy_open_with(&http);
    toy_body(fourth);
    toy_settle();
    assert_refused(fourth, R_TENANT_BUSY);
    assert_string_equal(fourth->header, "retry-after: 1");
    tenant = &QUIET;
    struct net_stream *other = toy_ask(&TOY_PLAIN);
    assert_int_equal(toy_in_flight(), 3);
    toy_complete();
    assert_served(first);
    assert_served(second);
    assert_served(other);
    tenant = &BUSY;
    struct net_stream *later = toy_ask(&TOY_PLAIN);
    toy_complete();
    assert_served(later);
}

static void admins_are_counted_apart(void **state)
{
    (void)state;
    struct net_stream *licenses[] = {toy_ask(&TOY_CACHED), toy_ask(&TOY_CACHED)};
    struct net_stream *act = toy_ask(&TOY_PLAIN);
    assert_refused(toy_ask(&TOY_CACHED), R_TENANT_BUSY);
    toy_complete();
    assert_served(licenses[0]);
    assert_served(licenses[1]);
    assert_served(act);
}

static void who_goes_leaves_a_place(void **state)
{
    (void)state;
    (void)toy_ask(&TOY_PLAIN);
    struct net_stream *gone = toy_ask(&TOY_PLAIN);
    fake_net_close(gone);
    struct net_stream *next = toy_ask(&TOY_PLAIN);
    toy_complete();
    assert_served(next);
}

/* Whoever is of no tenant waits in a line of the connection. */
static void without_a_tenant_nothing_is_counted(void **state)
{
    (void)state;
    tenant = &TENANT_PLATFORM;
    struct net_stream *streams[3];
    for (int i = 0; i < 3; i++) {
        streams[i] = toy_ask(&TOY_PLAIN);
    }
    toy_complete();
    for (int i = 0; i < 3; i++) {
        assert_served(streams[i]);
    }
}

enum { CALLS = 12, AT_ONCE = 4 };

/* In which order the calls went on: 'b' of the busy one, 'q' of the quiet one. */
static char order[CALLS + 1];
static size_t gone_on;

static step goes_on(struct call *c)
{
    order[gone_on++] = uuid_eq(call_party(c), QUIET.u) ? 'q' : 'b';
    return STEP_NEXT;
}

/* What the busy one waited for is over first; the quiet one waits for four of its calls at most. */
static void in_a_crowd_each_goes_on_at_once_a_few_times(void **state)
{
    (void)state;
    toy_engine(&(const struct rpc_limits){.party_calls = 100}, &TOY_AUTHENTICATOR);
    toy_serve(&TOY_CACHED);
    toy.on[F2] = goes_on;
    gone_on = 0;
    for (size_t i = 0; i + 1 < CALLS; i++) {
        (void)toy_ask(&TOY_CACHED);
    }
    tenant = &QUIET;
    (void)toy_ask(&TOY_CACHED);
    assert_int_equal(toy_in_flight(), CALLS);
    toy_complete();
    assert_int_equal(gone_on, CALLS);
    assert_int_equal(strchr(order, 'q') - order, AT_ONCE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_too_many_is_refused_with_a_time_to_wait),
        TEST(admins_are_counted_apart),
        TEST(who_goes_leaves_a_place),
        TEST(without_a_tenant_nothing_is_counted),
        TEST(in_a_crowd_each_goes_on_at_once_a_few_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

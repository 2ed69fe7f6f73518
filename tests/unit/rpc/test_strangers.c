/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody without any credential may try: hold streams, reset them in storms, send early, read late, and act on
 * what was true of them some time ago. */
#include "toy.h"

enum { STORM = 300, HEADERS_COST_MAX = 1024, DEADLINE_MS = 30, LATER_MS = 90 };

/* --- storms ------------------------------------------------------------------------------------ */

static void streams_that_are_reset_at_once_cost_nothing(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    for (int i = 0; i < STORM; i++) {
        struct net_stream *s = toy_open(&TOY_FLOW);
        toy_body(s);
        fake_net_close(s);
    }
    assert_int_equal(rpc_calls_active(toy.rpc), STORM); /* their turn is due */
    toy_settle();
    assert_story("");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void streams_that_are_reset_while_they_wait_are_canceled_once(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = toy_waits;
    for (int i = 0; i < STORM; i++) {
        (void)toy_ask(&TOY_FLOW);
    }
    assert_int_equal(toy_in_flight(), STORM);
    for (int i = 0; i < STORM; i++) {
        fake_net_close(toy.streams[i]);
    }
    assert_int_equal(toy.canceled, STORM);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

/* Some reset, some let go, some wait: nobody gets another one's end. */
static void storms_hit_nobody_else(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = toy_waits;
    toy.on[F2] = toy_waits;
    for (int i = 0; i < STORM; i++) {
        (void)toy_ask(&TOY_FLOW);
    }
    for (int i = 0; i < STORM; i += 3) {
        fake_net_close(toy.streams[i]);
    }
    toy_complete();
    for (int i = 1; i < STORM; i += 3) {
        fake_net_close(toy.streams[i]);
    }
    toy_complete();
    assert_int_equal(toy.canceled, 2 * STORM / 3);
    for (int i = 2; i < STORM; i += 3) {
        assert_served(toy.streams[i]);
    }
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

/* --- holding ----------------------------------------------------------------------------------- */

static void a_caller_not_yet_known_costs_their_headers(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = toy_waits;
    struct net_stream *s = toy_open(&TOY_FLOW);
    for (int i = 0; i < FAKE_PARTS_MAX; i++) {
        fake_net_message(s, SLICE_NONE);
    }
    toy_settle();
    assert_in_range(arena_used(toy_call(s)->arena), 1, HEADERS_COST_MAX);
    assert_null(toy_call(s)->state);
}

static void streams_that_are_held_open_end(void **state)
{
    (void)state;
    const struct rpc_limits limits = {.max_deadline_ms = DEADLINE_MS};
    toy_engine(&limits, &TOY_AUTHENTICATOR);
    toy_serve(&TOY_FLOW);
    for (int i = 0; i < STORM; i++) {
        (void)toy_open(&TOY_FLOW);
    }
    toy_run_ms(LATER_MS);
    for (int i = 0; i < STORM; i++) {
        assert_refused(toy.streams[i], R_DEADLINE_EXCEEDED);
    }
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

/* Flow control lets a client leave its answer where it is for as long as its connection lasts. */
static void an_answer_that_nobody_reads_keeps_no_call(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy_serve(&TOY_PUBLIC);
    assert_served(toy_ask(&TOY_FLOW));
    assert_served(toy_ask(&TOY_PUBLIC));
    toy.on[A1] = toy_fails;
    assert_refused(toy_ask(&TOY_FLOW), TOY_FAILURE);
    assert_false(toy.streams[0]->is_closed);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

/* --- acting on what was true ------------------------------------------------------------------- */

/* Make the caller known some seconds ago: they were revoked since, say, and hold their body back. */
static struct net_stream *open_and_wait_s(const struct flow *flow, int64_t seconds)
{
    struct net_stream *s = toy_open(flow);
    toy_settle();
    toy_call(s)->known_at.ns -= seconds * 1000000000;
    toy.story[0] = '\0';
    return s;
}

static void a_body_that_comes_late_has_its_caller_found_out_anew(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_stream *s = open_and_wait_s(&TOY_FLOW, 2);
    toy.on[A2] = toy_waits;
    toy_body(s);
    toy_settle();
    assert_story("a1 a2");
    assert_unanswered(s);
    toy_complete();
    assert_story("then a3 f1 f2 f3 f4");
    assert_int_equal(s->reads, 1);
    assert_served(s);
    toy.on[A2] = NULL;
    s = open_and_wait_s(&TOY_FLOW, 2);
    toy.on[A2] = toy_fails; /* revoked */
    toy_body(s);
    toy_settle();
    assert_story("a1 a2");
    assert_refused(s, TOY_FAILURE);
}

static void a_body_that_comes_soon_has_not(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_stream *s = toy_open(&TOY_FLOW);
    toy_run_ms(20);
    assert_story("a1 a2 a3");
    toy_body(s);
    toy_settle();
    assert_story("f1 f2 f3 f4");
    assert_served(s);
}

/* What was decided on caches is compared at the gate, by when it was read. And what is for everybody has no caller. */
static void where_the_gate_compares_a_late_body_is_nothing_new(void **state)
{
    (void)state;
    toy_serve(&TOY_CACHED);
    toy_serve(&TOY_PUBLIC);
    toy.on[F3] = toy_verifies;
    struct net_stream *s = open_and_wait_s(&TOY_CACHED, 20);
    toy_body(s);
    toy_settle();
    assert_story("f1 f2 f3 f4");
    assert_served(s);
    s = open_and_wait_s(&TOY_PUBLIC, 20);
    toy_body(s);
    toy_settle();
    assert_story("f1 f4");
    assert_served(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(streams_that_are_reset_at_once_cost_nothing),
        TEST(streams_that_are_reset_while_they_wait_are_canceled_once),
        TEST(storms_hit_nobody_else),
        TEST(a_caller_not_yet_known_costs_their_headers),
        TEST(streams_that_are_held_open_end),
        TEST(an_answer_that_nobody_reads_keeps_no_call),
        TEST(a_body_that_comes_late_has_its_caller_found_out_anew),
        TEST(a_body_that_comes_soon_has_not),
        TEST(where_the_gate_compares_a_late_body_is_nothing_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

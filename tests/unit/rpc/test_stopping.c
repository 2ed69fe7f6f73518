/* SPDX-License-Identifier: Apache-2.0 */
/* The client goes, or time is up, in every phase of a call: what is in flight is canceled once, nothing more is run,
 * and after the commit all of it is. */
#include "toy.h"

enum { DEADLINE_MS = 20, LATER_MS = 60 };

static struct net_stream *open_with_deadline(const struct flow *flow)
{
    struct net_request request = fake_net_request(flow->method);
    request.timeout_ms = DEADLINE_MS;
    return toy_open_with(&request);
}

/* Open, body, settle; the deadline is near. */
static struct net_stream *ask_with_deadline(const struct flow *flow)
{
    struct net_stream *s = open_with_deadline(flow);
    toy_body(s);
    toy_settle();
    return s;
}

static void assert_canceled(const struct net_stream *s, const char *at)
{
    char row[64];
    snprintf(row, sizeof row, "\"step\":\"%s\"", at);
    assert_int_equal(s->finishes, 0);
    assert_logged(s, "\"reason\":\"CANCELLED\"");
    assert_logged(s, "\"client\":\"gone\"");
    assert_logged(s, row);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

/* --- the client goes --------------------------------------------------------------------------- */

static void gone_before_anything_was_asked(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_stream *s = toy_open(&TOY_FLOW);
    fake_net_close(s); /* the engine's first turn is due */
    toy_settle();
    assert_story("");
    assert_canceled(s, "f1");
    s = toy_open(&TOY_PLAIN); /* has no flow */
    fake_net_close(s);
    toy_settle();
    assert_canceled(s, "done");
}

static void gone_while_who_calls_is_found_out(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A2] = toy_enters;
    toy.on[S2] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_close(s);
    assert_int_equal(toy.canceled, 1);
    assert_story("a1 a2 s1 s2");
    assert_canceled(s, "side.s2");
}

static void gone_before_the_body_came(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_stream *s = toy_open(&TOY_FLOW);
    toy_settle();
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    fake_net_close(s);
    assert_story("a1 a2 a3");
    assert_canceled(s, "f1");
}

static void close_at_once(struct loop_task *task)
{
    (void)task;
    fake_net_close(toy.streams[0]);
}

static void gone_when_the_flow_is_about_to_run(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_stream *s = toy_open(&TOY_FLOW);
    toy_settle();
    toy_body(
        s); /* net tells of the end, and the engine defers the flow to a task behind this one */
    struct loop_task task;
    loop_task_init(&task, close_at_once);
    loop_defer(toy.loop, &task);
    toy_settle();
    assert_story("a1 a2 a3");
    assert_canceled(s, "f1");
}

static void gone_while_an_operation_is_in_flight(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_close(s);
    assert_int_equal(toy.canceled, 1);
    assert_story("a1 a2 a3 f1 f2");
    assert_canceled(s, "f2");
}

static void an_operation_that_is_over_is_not_canceled(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    toy_complete();
    assert_served(s);
    fake_net_close(s);
    assert_int_equal(toy.canceled, 0);
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void gone_after_the_commit(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F3] = toy_waits; /* commits */
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_close(s);
    assert_int_equal(toy.canceled, 0);
    assert_unlogged(s);
    assert_int_equal(rpc_calls_active(toy.rpc), 1);
    toy_complete();
    assert_story("a1 a2 a3 f1 f2 f3 then f4");
    assert_logged(s, "\"reason\":\"OK\"");
    assert_logged(s, "\"client\":\"gone\"");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void gone_while_a_refusal_is_recorded(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_refuses;
    toy.on[FLOW_RECORDER] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_close(s);
    assert_int_equal(toy.canceled, 0);
    toy_complete();
    assert_story("a1 a2 a3 f1 recorder then");
    assert_logged(s, "\"reason\":\"TOKEN_EXPIRED\"");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static step asks_again(struct call *c)
{
    return call_authenticate_again(c, NULL);
}

static step waits_and_asks_again(struct call *c)
{
    return toy_wait(c, asks_again);
}

/* What was refused on stale facts is not decided again for nobody. */
static void gone_before_it_would_be_decided_again(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A2] = toy_refuses;
    toy.on[CALLER_RECORDER] = waits_and_asks_again;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_close(s);
    toy_complete();
    assert_story("a1 a2 RECORDER");
    assert_int_equal(s->reads, 0);
    assert_canceled(s, "knock.a1");
}

static void gone_after_the_answer(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_served(s);
    fake_net_close(s);
    assert_logged(s, "\"client\":\"there\"");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

/* --- time is up -------------------------------------------------------------------------------- */

static void assert_late(const struct net_stream *s, const char *at)
{
    char row[64];
    snprintf(row, sizeof row, "\"step\":\"%s\"", at);
    assert_refused(s, R_DEADLINE_EXCEEDED);
    assert_logged(s, row);
    assert_int_equal(toy_in_flight(), 0);
}

static void late_while_who_calls_is_found_out(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A2] = toy_waits;
    struct net_stream *s = ask_with_deadline(&TOY_FLOW);
    toy_run_ms(LATER_MS);
    assert_int_equal(toy.canceled, 1);
    assert_story("a1 a2");
    assert_int_equal(s->reads, 0);
    assert_late(s, "knock.a2");
}

static void late_before_the_body_came(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_stream *s = open_with_deadline(&TOY_FLOW);
    toy_settle();
    toy_run_ms(LATER_MS);
    assert_story("a1 a2 a3");
    assert_late(s, "f1");
    toy_body(s); /* and nobody looks at it any more */
    toy_settle();
    assert_story("");
}

static void late_while_an_operation_is_in_flight(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = toy_waits;
    struct net_stream *s = ask_with_deadline(&TOY_FLOW);
    toy_run_ms(LATER_MS);
    assert_int_equal(toy.canceled, 1);
    assert_late(s, "f2");
}

static step yields_on(struct call *c)
{
    return call_yield(c, yields_on);
}

static void late_while_work_yields(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = yields_on;
    struct net_stream *s = ask_with_deadline(&TOY_FLOW);
    toy_run_ms(LATER_MS);
    assert_late(s, "f1");
}

static void late_after_the_commit(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F3] = toy_waits;
    struct net_stream *s = ask_with_deadline(&TOY_FLOW);
    toy_run_ms(LATER_MS);
    assert_unanswered(s);
    toy_complete();
    assert_story("a1 a2 a3 f1 f2 f3 then f4");
    assert_served(s);
}

static void late_while_a_refusal_is_recorded(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_refuses;
    toy.on[FLOW_RECORDER] = toy_waits;
    struct net_stream *s = ask_with_deadline(&TOY_FLOW);
    toy_run_ms(LATER_MS);
    assert_unanswered(s);
    toy_complete();
    assert_refused(s, TOY_REFUSAL);
}

/* It is looked at between steps too, so that a row which took long is the last one. */
static step takes_long(struct call *c)
{
    c->deadline.ns = 0;
    return STEP_NEXT;
}

static void late_between_two_steps(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = takes_long;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1");
    assert_late(s, "f2");
}

/* The timer may fire a little before the deadline by the loop's clock, and while nothing may be stopped: a call that
 * waits for its client afterwards would wait for ever. */
static void late_is_not_forgotten_while_a_refusal_is_recorded(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A2] = toy_refuses;
    toy.on[CALLER_RECORDER] = waits_and_asks_again;
    struct net_stream *s = open_with_deadline(&TOY_FLOW);
    toy_settle();
    toy_call(s)->deadline.ns += 1000000000;
    toy_run_ms(LATER_MS);
    toy.on[A2] = NULL;
    toy_complete();
    assert_story("a1 a2 RECORDER");
    assert_late(s, "knock.a1");
}

static step has_no_time(struct call *c)
{
    c->deadline = c->started;
    assert_int_equal(call_remaining_ms(c), 1);
    c->deadline.ns += 5000000000;
    assert_in_range(call_remaining_ms(c), 4900, 5000);
    return STEP_NEXT;
}

static void an_operation_has_some_time_at_least(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = has_no_time;
    assert_served(toy_ask(&TOY_FLOW));
}

/* A client may ask for more time than the engine gives, and for any number that a header can hold. */
static void a_call_has_a_limited_time(void **state)
{
    (void)state;
    static const int64_t asked[] = {60001, 359999996400000, INT64_MAX, 0};
    toy_serve(&TOY_FLOW);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct net_request request = fake_net_request(TOY_FLOW.method);
        request.timeout_ms = asked[i];
        const struct call *c = toy_call(toy_open_with(&request));
        assert_int_equal(c->deadline.ns - c->started.ns, 60000000000);
    }
}

static void a_stream_lasts_as_its_client_wants(void **state)
{
    (void)state;
    static const int64_t asked[] = {60001, 359999996400000, INT64_MAX, 0};
    static const int64_t given_ns[] = {60001000000, INT64_MAX, INT64_MAX, INT64_MAX};
    toy_serve(&TOY_WATCH);
    toy.on[F1] = toy_waits;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct net_request request = fake_net_request(TOY_WATCH.method);
        request.timeout_ms = asked[i];
        struct net_stream *s = toy_open_with(&request);
        const struct call *c = toy_call(s);
        assert_int_equal(c->deadline.ns - c->started.ns, 60000000000); /* until it has begun */
        toy_body(s);
        toy_settle();
        assert_unanswered(s);
        bool is_endless = given_ns[i] == INT64_MAX;
        assert_int_equal(c->deadline.ns - (is_endless ? 0 : c->started.ns), given_ns[i]);
        assert_int_equal(loop_timer_is_armed(&c->deadline_timer), !is_endless);
    }
}

static void a_stream_ends_when_its_client_wants(void **state)
{
    (void)state;
    toy_serve(&TOY_WATCH);
    toy.on[F1] = toy_waits;
    struct net_stream *s = ask_with_deadline(&TOY_WATCH);
    toy_run_ms(LATER_MS);
    assert_story("f1 closes");
    assert_late(s, "f1");
}

/* Whoever opens a stream and sends nothing holds it no longer than a call. */
static void a_stream_that_does_not_begin_ends(void **state)
{
    (void)state;
    const struct rpc_limits limits = {.max_deadline_ms = DEADLINE_MS};
    toy_engine(&limits, &TOY_AUTHENTICATOR);
    toy_serve(&TOY_WATCH);
    toy_serve(&TOY_CHAT);
    toy_serve(&TOY_TAIL);
    toy.on[A2] = toy_waits;
    struct net_stream *watch = toy_open(&TOY_WATCH);
    struct net_stream *chat = toy_open(&TOY_CHAT);
    struct net_stream *tail = toy_open(&TOY_TAIL);
    toy_run_ms(LATER_MS);
    assert_late(watch, "f1");
    assert_late(chat, "f1");
    assert_late(tail, "knock.a2");
    assert_story("a1 a2");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(gone_before_anything_was_asked),
        TEST(gone_while_who_calls_is_found_out),
        TEST(gone_before_the_body_came),
        TEST(gone_when_the_flow_is_about_to_run),
        TEST(gone_while_an_operation_is_in_flight),
        TEST(an_operation_that_is_over_is_not_canceled),
        TEST(gone_after_the_commit),
        TEST(gone_while_a_refusal_is_recorded),
        TEST(gone_before_it_would_be_decided_again),
        TEST(gone_after_the_answer),
        TEST(late_while_who_calls_is_found_out),
        TEST(late_before_the_body_came),
        TEST(late_while_an_operation_is_in_flight),
        TEST(late_while_work_yields),
        TEST(late_after_the_commit),
        TEST(late_while_a_refusal_is_recorded),
        TEST(late_between_two_steps),
        TEST(late_is_not_forgotten_while_a_refusal_is_recorded),
        TEST(an_operation_has_some_time_at_least),
        TEST(a_call_has_a_limited_time),
        TEST(a_stream_lasts_as_its_client_wants),
        TEST(a_stream_ends_when_its_client_wants),
        TEST(a_stream_that_does_not_begin_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

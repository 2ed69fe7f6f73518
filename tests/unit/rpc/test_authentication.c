/* SPDX-License-Identifier: Apache-2.0 */
/* The engine knows who is calling before it looks at anything of what they send. */
#include "toy.h"

/* --- nothing of the body before the caller is known -------------------------------------------- */

static void the_body_is_asked_for_when_the_caller_is_known(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A2] = toy_waits;
    struct net_stream *s = toy_open(&TOY_FLOW);
    assert_story(""); /* not inside of net's callback */
    toy_body(s);      /* early: net keeps it */
    toy_settle();
    assert_story("a1 a2");
    assert_int_equal(s->reads, 0);
    assert_null(call_request(toy_call(s)));
    toy_complete();
    assert_story("then a3 f1 f2 f3 f4");
    assert_int_equal(s->reads, 1);
    assert_int_equal(s->message_max, rpc_find_method(TOY_FLOW.method, NULL)->max_request_bytes);
    assert_served(s);
}

static void a_slow_body_is_waited_for(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_stream *s = toy_open(&TOY_FLOW);
    toy_settle();
    assert_story("a1 a2 a3");
    assert_int_equal(s->reads, 1);
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    assert_story(""); /* it is not over yet */
    fake_net_end(s);
    toy_settle();
    assert_story("f1 f2 f3 f4");
    assert_served(s);
}

static void a_refused_caller_is_never_read(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    for (enum toy_row row = A1; row <= A3; row++) {
        toy.on[row] = toy_fails;
        struct net_stream *s = toy_ask(&TOY_FLOW);
        assert_int_equal(s->reads, 0);
        assert_refused(s, TOY_FAILURE);
        assert_null(strchr(toy.story, 'f'));
        toy.on[row] = NULL;
    }
}

static step waits_and_fails(struct call *c)
{
    return toy_wait(c, toy_fails);
}

static void a_caller_refused_after_a_wait_is_never_read(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A3] = waits_and_fails;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_unanswered(s);
    toy_complete();
    assert_story("a1 a2 a3");
    assert_int_equal(s->reads, 0);
    assert_refused(s, TOY_FAILURE);
}

/* --- the authenticator's rows ------------------------------------------------------------------ */

static void rows_may_enter_others_and_be_done_early(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = toy_enters;
    toy.on[S2] = toy_is_done; /* ends the inner one */
    toy.on[A2] = toy_is_done; /* ends the outer one: the caller is known */
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 s1 s2 a2 f1 f2 f3 f4");
    assert_served(s);
}

static step forgives(struct call *c)
{
    struct err err;
    call_forgive(c, &err);
    assert_int_equal(err.reason, TOY_REFUSAL);
    toy_tell("forgives");
    return STEP_NEXT;
}

static step tries(struct call *c)
{
    call_then_always(c, forgives);
    return call_enter(c, &TOY_SIDE);
}

static void rows_may_catch_what_others_refuse(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = tries;
    toy.on[S2] = toy_refuses;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 s1 s2 forgives a2 a3 f1 f2 f3 f4");
    assert_served(s);
}

static step remembers(struct call *c)
{
    struct toy_caller *caller = call_caller(c);
    assert_string_equal(caller->name, "");
    assert_int_equal(caller->visits, 0);
    snprintf(caller->name, sizeof caller->name, "al");
    call_note_caller(c, "al@contoso.com");
    return STEP_NEXT;
}

static step finds_the_caller(struct call *c)
{
    const struct toy_caller *caller = call_caller(c);
    const struct toy_state *own = call_state(c);
    assert_string_equal(caller->name, "al");
    assert_int_equal(own->visits, 0);
    assert_ptr_equal(call_services(c), &toy);
    assert_string_equal(call_flow_name(c), "toy");
    return STEP_NEXT;
}

static void the_flow_finds_the_caller(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = remembers;
    toy.on[F1] = finds_the_caller;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_served(s);
    assert_logged(s, "\"caller\":\"al@contoso.com\"");
}

static step looks_at_the_headers(struct call *c)
{
    static const uint8_t fingerprint[NET_FINGERPRINT_BYTES] = {7, 8, 9};
    assert_true(slice_eq(call_metadata(c, "authorization"), slice_str("one")));
    assert_int_equal(call_metadata_count(c, "authorization"), 2);
    assert_int_equal(call_metadata_count(c, "dpop"), 0);
    assert_int_equal(call_metadata(c, "dpop").len, 0);
    assert_string_equal(call_peer_address(c), "192.0.2.1:4711");
    assert_true(slice_eq(call_peer_fingerprint(c), slice_of(fingerprint, sizeof fingerprint)));
    assert_in_range(call_remaining_ms(c), 1, 60000);
    assert_int_equal(call_now(c).s, call_unix_us(c) / 1000000);
    return STEP_NEXT;
}

static step has_no_certificate(struct call *c)
{
    assert_int_equal(call_peer_fingerprint(c).len, 0);
    return STEP_NEXT;
}

static void headers_outlive_what_net_lends(void **state)
{
    (void)state;
    char value[] = "one";
    toy_serve(&TOY_FLOW);
    struct net_request request = fake_net_request(TOY_FLOW.method);
    request.has_certificate = true;
    memcpy(request.fingerprint, "\7\10\11", 3);
    fake_net_header(&request, "authorization", value);
    fake_net_header(&request, "authorization", "two");
    toy.on[A2] = looks_at_the_headers;
    struct net_stream *s = toy_open_with(&request);
    value[0] = 'X';
    toy_body(s);
    toy_settle();
    assert_served(s);
    toy.on[A2] = has_no_certificate;
    assert_served(toy_ask(&TOY_FLOW));
}

/* --- who needs not be known -------------------------------------------------------------------- */

static void what_is_for_everybody_asks_nobody(void **state)
{
    (void)state;
    toy_serve(&TOY_PUBLIC);
    struct net_stream *s = toy_open(&TOY_PUBLIC);
    assert_int_equal(s->reads, 1);
    toy_body(s);
    toy_settle();
    assert_story("f1 f4");
    assert_served(s);
}

static step asks_for_a_caller(struct call *c)
{
    (void)call_caller(c);
    return STEP_NEXT;
}

static void ask_for_a_caller(void)
{
    toy.on[F1] = asks_for_a_caller;
    (void)toy_ask(&TOY_PUBLIC);
}

static step asks_again_who_calls(struct call *c)
{
    return call_authenticate_again(c, NULL);
}

static void ask_again_who_calls(void)
{
    toy.on[F1] = asks_again_who_calls;
    (void)toy_ask(&TOY_PUBLIC);
}

static void what_is_for_everybody_has_no_caller(void **state)
{
    (void)state;
    toy_serve(&TOY_PUBLIC);
    assert_aborts(ask_for_a_caller);
    assert_aborts(ask_again_who_calls);
}

static void what_is_not_there_is_said_without_asking_who_calls(void **state)
{
    (void)state;
    struct net_stream *s = toy_ask(&TOY_FLOW); /* no flow is registered */
    assert_int_equal(s->reads, 0);
    assert_refused(s, R_METHOD_UNIMPLEMENTED);
    const struct net_request unknown = fake_net_request("/chancery.v1.NoService/Nothing");
    s = toy_open_with(&unknown);
    assert_int_equal(s->finishes, 1);
    assert_int_equal(s->code, GRPC_UNIMPLEMENTED);
    assert_string_equal(s->text, reason_info(R_METHOD_UNKNOWN)->text);
    assert_int_equal(s->http_status, 404); /* where such a status says it */
    struct net_request page = fake_net_request("/chancery.v1.NoService/Nothing");
    page.framing = NULL;
    page.method = "GET";
    s = toy_open_with(&page);
    assert_int_equal(s->http_status, 404);
    page.path = TOY_FLOW.method;
    s = toy_open_with(&page);
    assert_int_equal(s->http_status, 405);
    page.method = "POST"; /* of a type that is no call */
    s = toy_open_with(&page);
    assert_int_equal(s->http_status, 415);
    assert_story("");
}

static void a_node_may_refuse_everybody(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy_serve(&TOY_PUBLIC);
    rpc_refuse(toy.rpc, R_DATABASE_UNAVAILABLE);
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("");
    assert_int_equal(s->reads, 0);
    assert_refused(s, R_DATABASE_UNAVAILABLE);
    assert_served(toy_ask(&TOY_PUBLIC));
    assert_story("f1 f4");
    rpc_refuse(toy.rpc, R_NONE);
    assert_served(toy_ask(&TOY_FLOW));
}

/* --- nobody gets past the authenticator -------------------------------------------------------- */

static step goes_on_from_the_flow(struct call *c)
{
    return call_again_from(c, NULL);
}

/* A flow must not run for somebody who is not known, whatever an authenticator or its recorder returns. */
static void a_flow_never_runs_for_a_stranger(void **state)
{
    (void)state;
    toy_serve(&TOY_PLAIN);
    toy.on[A2] = goes_on_from_the_flow;
    struct net_stream *s = toy_ask(&TOY_PLAIN);
    assert_story("a1 a2");
    assert_int_equal(s->reads, 0);
    assert_refused(s, R_INTERNAL);
    toy.on[A2] = toy_refuses;
    toy.on[CALLER_RECORDER] = goes_on_from_the_flow;
    s = toy_ask(&TOY_PLAIN);
    assert_story("a1 a2 RECORDER");
    assert_int_equal(s->reads, 0);
    assert_refused(s, R_INTERNAL);
}

static step is_a_stranger_at_the_second_time(struct call *c)
{
    struct toy_caller *caller = call_caller(c);
    return caller->visits++ == 0 ? STEP_NEXT : toy_refuses(c);
}

/* Somebody who was known and is refused when they are asked again is a stranger. */
static void a_flow_does_not_go_on_for_who_was_known_once(void **state)
{
    (void)state;
    toy_serve(&TOY_PLAIN);
    toy.on[A2] = is_a_stranger_at_the_second_time;
    toy.on[F1] = asks_again_who_calls;
    toy.on[CALLER_RECORDER] = goes_on_from_the_flow;
    struct net_stream *s = toy_ask(&TOY_PLAIN);
    assert_story("a1 a2 a3 f1 a1 a2 RECORDER");
    assert_refused(s, R_INTERNAL);
}

static step forgets_what_moved(struct call *c)
{
    toy.on[A2] = NULL;
    return call_authenticate_again(c, NULL);
}

static void a_recorder_may_ask_again_who_calls(void **state)
{
    (void)state;
    toy_serve(&TOY_PLAIN);
    toy.on[A2] = toy_refuses;
    toy.on[CALLER_RECORDER] = forgets_what_moved;
    struct net_stream *s = toy_ask(&TOY_PLAIN);
    assert_story("a1 a2 RECORDER a1 a2 a3 f1 f2 f3 f4");
    assert_int_equal(s->reads, 1);
    assert_served(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_body_is_asked_for_when_the_caller_is_known),
        TEST(a_slow_body_is_waited_for),
        TEST(a_refused_caller_is_never_read),
        TEST(a_caller_refused_after_a_wait_is_never_read),
        TEST(rows_may_enter_others_and_be_done_early),
        TEST(rows_may_catch_what_others_refuse),
        TEST(the_flow_finds_the_caller),
        TEST(headers_outlive_what_net_lends),
        TEST(what_is_for_everybody_asks_nobody),
        TEST(what_is_for_everybody_has_no_caller),
        TEST(what_is_not_there_is_said_without_asking_who_calls),
        TEST(a_node_may_refuse_everybody),
        TEST(a_flow_never_runs_for_a_stranger),
        TEST(a_flow_does_not_go_on_for_who_was_known_once),
        TEST(a_recorder_may_ask_again_who_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

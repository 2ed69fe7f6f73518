/* SPDX-License-Identifier: Apache-2.0 */
/* Messages in both directions, and requests that are no good. */
#include "toy.h"

static const uint8_t MALFORMED[] = {0xff};
static const uint8_t CONTROL[] = {0x0a, 0x01, 0x01}; /* field 1, a text of one control character */

static void ask_badly(struct net_stream *s, struct slice bytes)
{
    fake_net_message(s, bytes);
    fake_net_end(s);
    toy_settle();
}

#define BYTES(array) slice_of(array, sizeof(array))

/* --- requests ---------------------------------------------------------------------------------- */

static void a_malformed_message_is_refused(void **state)
{
    (void)state;
    toy_serve(&TOY_PUBLIC);
    struct net_stream *s = toy_open(&TOY_PUBLIC);
    ask_badly(s, BYTES(MALFORMED));
    assert_refused(s, R_PROTO_MALFORMED);
    assert_false(toy_details_have(s, "BadRequest"));
    s = toy_open(&TOY_PUBLIC);
    ask_badly(s, BYTES(CONTROL));
    assert_refused(s, R_FIELD_INVALID);
    assert_true(toy_details_have(s, "BadRequest") && toy_details_have(s, "service"));
    assert_story("");
}

static void a_unary_call_has_one_message(void **state)
{
    (void)state;
    toy_serve(&TOY_PUBLIC);
    struct net_stream *s = toy_open(&TOY_PUBLIC);
    fake_net_message(s, SLICE_NONE);
    ask_badly(s, SLICE_NONE);
    assert_refused(s, R_MESSAGE_COUNT_WRONG);
    s = toy_open(&TOY_PUBLIC);
    fake_net_end(s);
    toy_settle();
    assert_refused(s, R_MESSAGE_COUNT_WRONG);
    assert_story("");
}

static void broken_framing_is_refused_for_what_it_is(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_stream *s = toy_open(&TOY_FLOW);
    fake_net_broken(s, R_MESSAGE_TOO_LARGE);
    toy_settle();
    assert_refused(s, R_MESSAGE_TOO_LARGE);
    assert_story("a1 a2 a3");
}

static void a_server_without_room_says_so_at_any_time(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A2] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_broken(s, R_OVERLOADED);
    toy_settle();
    assert_int_equal(toy.canceled, 1);
    assert_refused(s, R_OVERLOADED);
    s = toy_open(&TOY_FLOW); /* before the engine's first turn */
    fake_net_broken(s, R_OVERLOADED);
    toy_settle();
    assert_refused(s, R_OVERLOADED);
}

static step asks_again(struct call *c)
{
    toy.on[A2] = NULL;
    return call_authenticate_again(c, NULL);
}

static step waits_and_asks_again(struct call *c)
{
    return toy_wait(c, asks_again);
}

/* Of a body that is broken no end comes: a call that is let in after all must not wait for it. */
static void a_body_that_broke_while_a_refusal_was_recorded_is_not_waited_for(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A2] = toy_refuses;
    toy.on[CALLER_RECORDER] = waits_and_asks_again;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_broken(s, R_OVERLOADED);
    toy_settle();
    assert_unanswered(s);
    toy_complete();
    assert_story("a1 a2 RECORDER");
    assert_refused(s, R_OVERLOADED);
    assert_int_equal(s->reads, 0);
}

/* What comes after the answer is nobody's. */
static void nothing_is_taken_in_after_the_answer(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy_serve(&TOY_CHAT);
    toy.on[A1] = toy_fails;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_refused(s, TOY_FAILURE);
    s->handler->message(s->handler->ctx, s, SLICE_NONE);
    s->handler->end(s->handler->ctx, s);
    s->handler->broken(s->handler->ctx, s, &(struct err){.reason = R_MESSAGE_TOO_LARGE});
    toy_settle();
    assert_refused(s, TOY_FAILURE);
    const struct net_request unknown = fake_net_request("/nothing"); /* has no call at all */
    s = toy_open_with(&unknown);
    s->handler->message(s->handler->ctx, s, SLICE_NONE);
    s->handler->end(s->handler->ctx, s);
    assert_int_equal(s->finishes, 1);
}

/* --- streams to the client --------------------------------------------------------------------- */

static step sends_two(struct call *c)
{
    for (int i = 0; i < 2; i++) {
        const ProtobufCMessage *message = call_message(c, call_method(c)->response);
        rc sent = call_send(c, message, call_err(c));
        if (!sent.ok) {
            return STEP_FAILED;
        }
    }
    return STEP_NEXT;
}

static void a_stream_sends_as_it_goes(void **state)
{
    (void)state;
    toy_serve(&TOY_TAIL);
    toy.on[F2] = sends_two;
    toy.on[F3] = toy_waits;
    toy.on[F4] = toy_is_done;
    struct net_stream *s = toy_ask(&TOY_TAIL);
    assert_int_equal(s->sent_count, 2);
    assert_int_equal(s->finishes, 0);
    toy_complete();
    assert_int_equal(s->sent_count, 2); /* and needs no reply at its end */
    assert_int_equal(s->finishes, 1);
    assert_int_equal(s->code, GRPC_OK);
    assert_logged(s, "\"reason\":\"OK\"");
    assert_story("a1 a2 a3 f1 f2 f3 then f4");
}

static step waits_and_sends(struct call *c)
{
    return toy_wait(c, sends_two);
}

static void nothing_is_sent_to_who_has_gone(void **state)
{
    (void)state;
    toy_serve(&TOY_TAIL);
    toy.on[F3] = waits_and_sends; /* committed: it goes on */
    struct net_stream *s = toy_ask(&TOY_TAIL);
    fake_net_close(s);
    toy_complete();
    assert_int_equal(s->sent_count, 0);
    assert_logged(s, "\"reason\":\"OK\"");
}

static const struct flow CACHED_TAIL = {
    .method = "/chancery.v1.AuditService/Export",
    .name = "cached_tail",
    .state = FLOW_STATE(struct toy_state),
    .trust = TRUST_CACHES,
    .steps = {STEP("sends", sends_two), GATE("verifies", toy_verifies), STEP("sends", sends_two)},
};

/* A message of a stream is an answer too: what caches said is not in it before it was verified. */
static void nothing_is_sent_of_caches_that_nobody_verified(void **state)
{
    (void)state;
    toy_serve(&CACHED_TAIL);
    assert_refused(toy_ask(&CACHED_TAIL), R_INTERNAL);
}

static const struct flow QUIET_TAIL = {
    .method = "/chancery.v1.AuditService/Export",
    .name = "quiet_tail",
    .state = FLOW_STATE(struct toy_state),
    .trust = TRUST_CACHES,
    .steps = {STEP("is done", toy_is_done), GATE("verifies", toy_verifies)},
};

/* Nor is its end, which says that this was all. */
static void the_end_of_a_stream_is_an_answer_too(void **state)
{
    (void)state;
    toy_serve(&QUIET_TAIL);
    assert_refused(toy_ask(&QUIET_TAIL), R_INTERNAL);
}

static void a_stream_that_waits_for_events_hears_of_its_end(void **state)
{
    (void)state;
    toy_serve(&TOY_WATCH);
    toy.on[F1] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_WATCH);
    fake_net_close(s);
    assert_story("f1 closes");
    assert_int_equal(toy.canceled, 1);
    s = toy_open(&TOY_WATCH); /* and not before it had a state */
    fake_net_close(s);
    assert_story("");
}

/* --- streams of the client --------------------------------------------------------------------- */

static step chats(struct call *c);

static step hears(struct call *c)
{
    toy_tell(call_request(c) == NULL ? "end" : "message");
    return call_request(c) == NULL ? STEP_NEXT : chats(c);
}

static step chats(struct call *c)
{
    return call_next_message(c, hears);
}

static void messages_come_in_order_and_end(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = chats;
    struct net_stream *s = toy_open(&TOY_CHAT);
    fake_net_message(s, SLICE_NONE);
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    assert_story("f1 message message");
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    assert_story("message");
    fake_net_end(s);
    toy_settle();
    assert_story("end f4");
    assert_served(s);
}

static void a_stream_of_nothing_ends(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = chats;
    struct net_stream *s = toy_open(&TOY_CHAT);
    fake_net_end(s);
    toy_settle();
    assert_story("f1 end f4");
    assert_served(s);
}

static step waits_then_chats(struct call *c)
{
    return toy_wait(c, chats);
}

static void messages_that_nobody_waits_for_are_kept(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = waits_then_chats;
    struct net_stream *s = toy_open(&TOY_CHAT);
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    fake_net_message(s, SLICE_NONE);
    fake_net_end(s);
    toy_settle();
    assert_story("f1");
    toy_complete();
    assert_story("message message end f4");
    assert_served(s);
}

static void many_messages_do_not_nest(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = chats;
    struct net_stream *s = toy_open(&TOY_CHAT);
    for (int i = 0; i < FAKE_PARTS_MAX - 1; i++) {
        fake_net_message(s, SLICE_NONE);
    }
    fake_net_end(s);
    toy_settle();
    assert_served(s);
}

static void who_goes_while_a_message_is_awaited_ends_it(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = chats;
    struct net_stream *s = toy_open(&TOY_CHAT);
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    assert_story("f1 message");
    fake_net_close(s);
    toy_settle();
    assert_story("");
    assert_logged(s, "\"reason\":\"CANCELLED\"");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

static void close_the_first(struct loop_task *task)
{
    (void)task;
    fake_net_close(toy.streams[0]);
}

/* The message has come and the flow is about to be told: neither is told of it after the end. */
static void who_goes_while_a_message_is_on_its_way_ends_it(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = chats;
    struct net_stream *s = toy_open(&TOY_CHAT);
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    assert_story("f1 message");
    struct loop_task task;
    loop_task_init(&task, close_the_first);
    fake_net_message(
        s, SLICE_NONE); /* told by a task that is before this one, which defers one behind it */
    loop_defer(toy.loop, &task);
    toy_settle();
    assert_story("");
    assert_logged(s, "\"reason\":\"CANCELLED\"");
}

static void a_malformed_message_ends_a_stream(void **state)
{
    (void)state;
    toy_serve(&TOY_CHAT);
    toy.on[F1] = chats;
    struct net_stream *s = toy_open(&TOY_CHAT);
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    ask_badly(s, BYTES(MALFORMED));
    assert_story("f1 message");
    assert_refused(s, R_PROTO_MALFORMED);
    s = toy_open(&TOY_CHAT); /* and one that has not begun */
    ask_badly(s, BYTES(MALFORMED));
    assert_refused(s, R_PROTO_MALFORMED);
    assert_story("");
    s = toy_open(&TOY_CHAT); /* and one that is about to, which takes what came before */
    fake_net_message(s, SLICE_NONE);
    ask_badly(s, BYTES(MALFORMED));
    assert_refused(s, R_PROTO_MALFORMED);
    assert_story("f1 message");
}

static const struct flow COMMITTING_CHAT = {
    .method = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    .name = "committing_chat",
    .state = FLOW_STATE(struct toy_state),
    .steps = {COMMIT("commits", toy_waits), STEP("replies", toy_reply)},
};

/* What is committed is told as it was, whatever the client sends meanwhile. */
static void a_malformed_message_does_not_change_what_is_committed(void **state)
{
    (void)state;
    toy_serve(&COMMITTING_CHAT);
    struct net_stream *s = toy_open(&COMMITTING_CHAT);
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    ask_badly(s, BYTES(CONTROL));
    assert_unanswered(s);
    toy_complete();
    assert_served(s);
    s = toy_open(&COMMITTING_CHAT);
    fake_net_message(s, SLICE_NONE);
    toy_settle();
    fake_net_broken(s, R_COMPRESSION_INVALID);
    toy_settle();
    assert_unanswered(s);
    toy_complete();
    assert_served(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_malformed_message_is_refused),
        TEST(a_unary_call_has_one_message),
        TEST(broken_framing_is_refused_for_what_it_is),
        TEST(a_server_without_room_says_so_at_any_time),
        TEST(a_body_that_broke_while_a_refusal_was_recorded_is_not_waited_for),
        TEST(nothing_is_taken_in_after_the_answer),
        TEST(a_stream_sends_as_it_goes),
        TEST(nothing_is_sent_to_who_has_gone),
        TEST(nothing_is_sent_of_caches_that_nobody_verified),
        TEST(the_end_of_a_stream_is_an_answer_too),
        TEST(a_stream_that_waits_for_events_hears_of_its_end),
        TEST(messages_come_in_order_and_end),
        TEST(a_stream_of_nothing_ends),
        TEST(messages_that_nobody_waits_for_are_kept),
        TEST(many_messages_do_not_nest),
        TEST(who_goes_while_a_message_is_awaited_ends_it),
        TEST(who_goes_while_a_message_is_on_its_way_ends_it),
        TEST(a_malformed_message_ends_a_stream),
        TEST(a_malformed_message_does_not_change_what_is_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

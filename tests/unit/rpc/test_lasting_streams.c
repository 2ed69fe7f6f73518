/* SPDX-License-Identifier: Apache-2.0 */
/* Streams to the client that last: messages that wait while they are made, a client that reads slowly, callers who are
 * found out anew, an end that is told, and how many one tenant may have. */
#include "toy.h"

enum { ROUNDS = 200, PIECE = 32 * 1024, BACKLOG = NET_STREAM_QUEUE_MAX };

static size_t round_number;
static char *kept;

static int set_up(void **state)
{
    int failed = toy_set_up(state);
    round_number = 0;
    toy_serve(&TOY_TAIL);
    return failed;
}

static struct net_stream *a_stream_that(step_fn does)
{
    toy.on[F2] = does;
    return toy_ask(&TOY_TAIL);
}

/* --- messages ---------------------------------------------------------------------------------- */

static step sends(struct call *c)
{
    assert_string_equal(kept, "kept"); /* over the wait */
    const ProtobufCMessage *message = call_message(c, call_method(c)->response);
    return step_from(call_send(c, message, call_err(c)));
}

static step makes_a_message(struct call *c)
{
    call_begin_message(c);
    kept = arena_strdup(call_arena(c), "kept");
    return toy_wait(c, sends);
}

static void a_message_may_wait_while_it_is_made(void **state)
{
    (void)state;
    toy.on[F4] = toy_is_done;
    struct net_stream *s = a_stream_that(makes_a_message);
    assert_int_equal(s->sent_count, 0);
    toy_complete();
    assert_int_equal(s->sent_count, 1);
    assert_story("a1 a2 a3 f1 f2 f3 f4");
}

static step round_ends(struct call *c);

/* Each leaves what the call's arena would not hold for long. */
static step goes_round(struct call *c)
{
    call_begin_message(c);
    assert_non_null(arena_alloc(call_arena(c), PIECE));
    return ++round_number == ROUNDS ? STEP_DONE : toy_wait(c, round_ends);
}

static step round_ends(struct call *c)
{
    call_drop_message(c);
    return call_await_room(c, goes_round);
}

static void rounds_without_a_message_keep_nothing(void **state)
{
    (void)state;
    struct net_stream *s = a_stream_that(goes_round);
    for (int i = 1; i < ROUNDS; i++) {
        toy_complete();
    }
    assert_int_equal(s->finishes, 1);
    assert_int_equal(s->code, GRPC_OK);
}

static void who_goes_while_a_message_is_made_ends_it(void **state)
{
    (void)state;
    struct net_stream *s = a_stream_that(makes_a_message);
    fake_net_close(s);
    assert_int_equal(toy.canceled, 1);
    assert_logged(s, "\"reason\":\"CANCELLED\"");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

/* --- room -------------------------------------------------------------------------------------- */

static step has_room(struct call *c)
{
    (void)c;
    toy_tell("room");
    return STEP_DONE;
}

static step wants_room(struct call *c)
{
    return call_await_room(c, has_room);
}

static step wants_room_later(struct call *c)
{
    return toy_wait(c, wants_room);
}

static struct net_stream *a_stream_with(size_t backlog)
{
    struct net_stream *s = a_stream_that(wants_room_later);
    s->backlog = backlog;
    toy_complete();
    return s;
}

static void a_client_that_reads_is_not_waited_for(void **state)
{
    (void)state;
    struct net_stream *s = a_stream_with(BACKLOG / 2);
    assert_false(s->awaits_room);
    assert_int_equal(s->finishes, 1);
}

static void a_client_that_reads_slowly_is_waited_for(void **state)
{
    (void)state;
    struct net_stream *s = a_stream_with(BACKLOG);
    assert_int_equal(s->finishes, 0);
    fake_net_room(s);
    toy_settle();
    assert_int_equal(s->code, GRPC_OK);
    assert_int_equal(s->finishes, 1);
    assert_story("a1 a2 a3 f1 f2 room");
    fake_net_room(s); /* and once only */
}

static void who_goes_without_having_read_ends_it(void **state)
{
    (void)state;
    struct net_stream *s = a_stream_with(BACKLOG);
    fake_net_close(s);
    toy_settle();
    assert_logged(s, "\"reason\":\"CANCELLED\"");
}

/* --- the end of a node -------------------------------------------------------------------------- */

static step rests(struct call *c)
{
    return call_rest(c, has_room, 3600 * 1000);
}

static step rests_briefly(struct call *c)
{
    return call_rest(c, has_room, 1);
}

static void a_rest_is_over_in_time(void **state)
{
    (void)state;
    struct net_stream *s = a_stream_that(rests_briefly);
    toy_run_ms(20);
    assert_int_equal(s->finishes, 1);
}

static void streams_that_wait_hear_of_the_end(void **state)
{
    (void)state;
    struct net_stream *slow = a_stream_with(BACKLOG);
    struct net_stream *resting = a_stream_that(rests);
    rpc_end_streams(toy.rpc);
    toy_settle();
    assert_refused(slow, R_SHUTTING_DOWN);
    assert_refused(resting, R_SHUTTING_DOWN);
}

static void streams_that_are_busy_hear_of_it_next(void **state)
{
    (void)state;
    struct net_stream *one = a_stream_that(wants_room_later);
    rpc_end_streams(toy.rpc);
    toy_complete();
    assert_refused(one, R_SHUTTING_DOWN);
    assert_refused(a_stream_that(rests), R_SHUTTING_DOWN);
}

/* --- terms -------------------------------------------------------------------------------------- */

static step renews(struct call *c)
{
    assert_non_null(arena_alloc(call_arena(c), PIECE));
    return call_renew(c, toy_waits);
}

/* At a row of the flow that waits; what came of it is told by the row before. */
static const struct flow RENEWING = {
    .method = "/chancery.v1.AuditService/Export",
    .name = "renewing",
    .state = FLOW_STATE(struct toy_state),
    .steps = {STEP("waits", toy_waits), STEP("renews", renews)},
};

static void the_caller_is_found_out_anew(void **state)
{
    (void)state;
    toy_serve(&RENEWING);
    struct net_stream *s = toy_ask(&RENEWING);
    for (int i = 0; i < ROUNDS;
         i++) { /* far more often than one may decide again, or an arena would hold */
        assert_unanswered(s);
        toy_complete();
        assert_non_null(strstr(toy.story, "a1 a2 a3"));
        toy.story[0] = '\0';
    }
    fake_net_close(s);
}

static void who_may_no_longer_is_told_so(void **state)
{
    (void)state;
    toy_serve(&RENEWING);
    struct net_stream *s = toy_ask(&RENEWING);
    toy.on[A2] = toy_refuses;
    toy_complete();
    assert_refused(s, TOY_REFUSAL);
    assert_non_null(strstr(toy.story, "RECORDER")); /* and that is recorded */
}

static step says_whether(struct call *c)
{
    toy_tell(call_must_renew(c) ? "due" : "known");
    return STEP_NEXT;
}

static void a_term_ends(void **state)
{
    (void)state;
    toy.on[F1] = toy_waits;
    toy.on[F2] = says_whether;
    toy.on[F4] = toy_is_done;
    (void)toy_ask(&TOY_TAIL);
    toy_complete();
    assert_story("a1 a2 a3 f1 then f2 known f3 f4");
    struct net_stream *s = toy_ask(&TOY_TAIL);
    struct call *c = toy_call(s);
    c->known_at.ns -= CALL_TERM_MS * INT64_C(1000000);
    toy_complete();
    assert_story("a1 a2 a3 f1 then f2 due f3 f4");
}

/* --- how many ----------------------------------------------------------------------------------- */

static const struct tenant_id TENANT = {{{1}}};

static step joins(struct call *c)
{
    return call_join_party(c, TENANT);
}

static void a_tenant_has_a_few_streams(void **state)
{
    (void)state;
    toy_engine(&(const struct rpc_limits){.party_streams = 2}, &TOY_AUTHENTICATOR);
    toy_serve(&TOY_TAIL);
    toy_serve(&TOY_PLAIN);
    toy.on[A3] = joins;
    toy.on[F1] = toy_waits;
    struct net_stream *first = toy_ask(&TOY_TAIL), *second = toy_ask(&TOY_TAIL);
    assert_refused(toy_ask(&TOY_TAIL), R_TOO_MANY_STREAMS);
    struct net_stream *other = toy_ask(&TOY_PLAIN); /* which is none */
    assert_unanswered(other);
    fake_net_close(first);
    assert_unanswered(toy_ask(&TOY_TAIL));
    assert_unanswered(second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_message_may_wait_while_it_is_made),
        TEST(rounds_without_a_message_keep_nothing),
        TEST(who_goes_while_a_message_is_made_ends_it),
        TEST(a_client_that_reads_is_not_waited_for),
        TEST(a_client_that_reads_slowly_is_waited_for),
        TEST(who_goes_without_having_read_ends_it),
        TEST(a_rest_is_over_in_time),
        TEST(streams_that_wait_hear_of_the_end),
        TEST(streams_that_are_busy_hear_of_it_next),
        TEST(the_caller_is_found_out_anew),
        TEST(who_may_no_longer_is_told_so),
        TEST(a_term_ends),
        TEST(a_tenant_has_a_few_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

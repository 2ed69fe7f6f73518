/* SPDX-License-Identifier: Apache-2.0 */
/* Deciding again, what may be told of caches, and what a flow must have said at its end. */
#include "toy.h"

static unsigned times;

static int set_up(void **state)
{
    times = 0;
    return toy_set_up(state);
}

/* --- again ------------------------------------------------------------------------------------- */

static step again_from_f2(struct call *c)
{
    times++;
    return call_again_from(c, TOY_FLOW.steps[1].run);
}

static step once_again_from_f2(struct call *c)
{
    return times == 0 ? again_from_f2(c) : STEP_NEXT;
}

static void a_flow_goes_on_from_an_earlier_row(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F3] = once_again_from_f2;
    assert_served(toy_ask(&TOY_FLOW));
    assert_story("a1 a2 a3 f1 f2 f3 f2 f3 f4");
}

static step once_again_from_the_start(struct call *c)
{
    return times++ == 0 ? call_again_from(c, NULL) : STEP_NEXT;
}

static void a_flow_goes_on_from_its_first_row(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = once_again_from_the_start;
    assert_served(toy_ask(&TOY_FLOW));
    assert_story("a1 a2 a3 f1 f2 f1 f2 f3 f4");
}

static void again_has_a_limit(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = again_from_f2;
    assert_refused(toy_ask(&TOY_FLOW), R_STALE);
    assert_int_equal(times, CALL_AGAIN_MAX + 1);
}

static step asks_who_calls(struct call *c)
{
    times++;
    return call_authenticate_again(c, TOY_FLOW.steps[1].run);
}

static step again_in_two_ways(struct call *c)
{
    return times % 2 == 0 ? asks_who_calls(c) : again_from_f2(c);
}

static void both_ways_count_together(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = again_in_two_ways;
    assert_refused(toy_ask(&TOY_FLOW), R_STALE);
    assert_int_equal(times, CALL_AGAIN_MAX + 1);
    toy.on[F2] = asks_who_calls;
    times = 0;
    assert_refused(toy_ask(&TOY_FLOW), R_STALE);
    assert_int_equal(times, CALL_AGAIN_MAX + 1);
}

static step from_nowhere(struct call *c)
{
    return call_again_from(c, toy_next);
}

static void there_must_be_such_a_row(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = from_nowhere;
    assert_refused(toy_ask(&TOY_FLOW), R_INTERNAL);
    assert_story("a1 a2 a3 f1 f2");
}

static step follows(struct call *c)
{
    (void)c;
    toy_tell("follows");
    return STEP_NEXT;
}

static step enters_and_something_follows(struct call *c)
{
    call_then(c, follows);
    return times == 0 ? call_enter(c, &TOY_SIDE) : STEP_NEXT;
}

static step waits_and_goes_again(struct call *c)
{
    call_then(c, follows);
    return toy_wait(c, again_from_f2);
}

/* What was to go on before the decision is not to go on after it. */
static void frames_are_forgotten(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = enters_and_something_follows;
    toy.on[S2] = waits_and_goes_again;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    toy_complete();
    assert_story("a1 a2 a3 f1 f2 s1 s2 f2 follows f3 f4");
    assert_served(s);
}

static step marks_the_caller(struct call *c)
{
    struct toy_caller *caller = call_caller(c);
    caller->visits++;
    return STEP_NEXT;
}

static step waits_for_who_calls(struct call *c)
{
    struct toy_caller *caller = call_caller(c);
    return caller->visits == 1 ? STEP_NEXT : toy_waits(c);
}

static step once_asks_who_calls(struct call *c)
{
    return times == 0 ? asks_who_calls(c) : STEP_NEXT;
}

static void who_calls_is_found_out_anew(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = marks_the_caller;
    toy.on[A2] = waits_for_who_calls;
    toy.on[F3] = once_asks_who_calls;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1 f2 f3 a1 a2");
    assert_string_equal(call_row_name(toy_call(s)), "knock.a2");
    toy_complete();
    assert_story("then a3 f2 f3 f4");
    assert_served(s);
    assert_int_equal(s->reads, 1);
}

/* Deciding again takes back that the commit has begun: the client may go meanwhile. */
static void again_is_not_committed(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A1] = marks_the_caller;
    toy.on[A2] = waits_for_who_calls;
    toy.on[F3] = once_asks_who_calls;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_close(s);
    assert_int_equal(toy.canceled, 1);
    assert_logged(s, "\"reason\":\"CANCELLED\"");
    assert_story("a1 a2 a3 f1 f2 f3 a1 a2");
}

static step replies_early(struct call *c)
{
    if (times > 0) {
        return STEP_NEXT;
    }
    return step_failed(toy_reply(c)) ? STEP_FAILED : again_from_f2(c);
}

static step replies_nothing(struct call *c)
{
    (void)c;
    return STEP_NEXT;
}

/* The reply of what was decided before is not the reply of what is decided now. */
static void the_reply_is_forgotten(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F3] = replies_early;
    toy.on[F4] = replies_nothing;
    assert_refused(toy_ask(&TOY_FLOW), R_INTERNAL);
    assert_story("a1 a2 a3 f1 f2 f3 f2 f3 f4");
}

/* --- the end ----------------------------------------------------------------------------------- */

/* OK without a message is an error to every client of gRPC, and none of them can tell which. */
static void a_flow_has_a_reply(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F4] = replies_nothing;
    assert_refused(toy_ask(&TOY_FLOW), R_INTERNAL);
}

static step replies_null(struct call *c)
{
    return call_reply(c, NULL);
}

static void a_reply_that_found_no_room_is_a_failure(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F4] = replies_null;
    assert_refused(toy_ask(&TOY_FLOW), R_ARENA_EXHAUSTED);
}

/* --- caches ------------------------------------------------------------------------------------ */

static step trusts_caches(struct call *c)
{
    assert_true(call_trusts_caches(c));
    return STEP_NEXT;
}

static step trusts_nothing(struct call *c)
{
    assert_false(call_trusts_caches(c));
    return STEP_NEXT;
}

static void what_caches_said_is_told_when_it_was_verified(void **state)
{
    (void)state;
    toy_serve(&TOY_CACHED);
    toy.on[F3] = toy_verifies;
    struct net_stream *s = toy_ask(&TOY_CACHED);
    assert_served(s);
    toy.on[F1] = trusts_caches;
    assert_served(toy_ask(&TOY_CACHED));
    toy_serve(&TOY_FLOW);
    toy.on[F1] = trusts_nothing;
    assert_served(toy_ask(&TOY_FLOW));
}

static void what_caches_said_is_not_told_otherwise(void **state)
{
    (void)state;
    toy_serve(&TOY_CACHED);
    struct net_stream *s = toy_ask(&TOY_CACHED);
    assert_story("a1 a2 a3 f1 f2 f3 f4");
    assert_refused(s, R_INTERNAL);
    toy.on[F1] = toy_is_done; /* past the row that would have asked */
    assert_refused(toy_ask(&TOY_CACHED), R_INTERNAL);
}

static step verifies_and_goes_again(struct call *c)
{
    call_note_verified(c);
    return times++ == 0 ? call_again_from(c, TOY_CACHED.steps[1].run) : STEP_NEXT;
}

static step verifies_for_the_first_caller(struct call *c)
{
    if (times > 0) {
        return STEP_NEXT;
    }
    call_note_verified(c);
    return verifies_and_goes_again(c);
}

/* It held for what was decided before. */
static void verified_is_forgotten(void **state)
{
    (void)state;
    toy_serve(&TOY_CACHED);
    toy.on[F3] = verifies_for_the_first_caller;
    assert_refused(toy_ask(&TOY_CACHED), R_INTERNAL);
    assert_story("a1 a2 a3 f1 f2 f3 f2 f3 f4");
    times = 0;
    toy.on[F3] = verifies_and_goes_again;
    assert_served(toy_ask(&TOY_CACHED));
}

/* --- yielding ---------------------------------------------------------------------------------- */

static step works(struct call *c)
{
    struct toy_state *own = call_state(c);
    toy_tell("works");
    return ++own->visits < 3 ? call_yield(c, works) : STEP_NEXT;
}

static void long_work_goes_on_in_later_turns(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = works;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1 works"); /* of this turn all is done */
    assert_unanswered(s);
    toy_run_ms(20);
    assert_story("works works f2 f3 f4");
    assert_served(s);
}

static step dawdles(struct call *c)
{
    assert_false(call_should_yield(c));
    const struct mono_time began = clock_mono();
    while (clock_mono().ns - began.ns <= CALL_TURN_MS * 1000000LL) {
        continue;
    }
    assert_true(call_should_yield(c));
    return STEP_NEXT;
}

static void a_step_can_tell_that_its_turn_was_long(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = dawdles;
    assert_served(toy_ask(&TOY_FLOW));
}

static void whoever_goes_while_work_has_yielded_ends_it(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = works;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    fake_net_close(s);
    toy_run_ms(20);
    assert_story("a1 a2 a3 f1 works");
    assert_logged(s, "\"reason\":\"CANCELLED\"");
    assert_int_equal(rpc_calls_active(toy.rpc), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_flow_goes_on_from_an_earlier_row),
        TEST(a_flow_goes_on_from_its_first_row),
        TEST(again_has_a_limit),
        TEST(both_ways_count_together),
        TEST(there_must_be_such_a_row),
        TEST(frames_are_forgotten),
        TEST(who_calls_is_found_out_anew),
        TEST(again_is_not_committed),
        TEST(the_reply_is_forgotten),
        TEST(a_flow_has_a_reply),
        TEST(a_reply_that_found_no_room_is_a_failure),
        TEST(what_caches_said_is_told_when_it_was_verified),
        TEST(what_caches_said_is_not_told_otherwise),
        TEST(verified_is_forgotten),
        TEST(long_work_goes_on_in_later_turns),
        TEST(a_step_can_tell_that_its_turn_was_long),
        TEST(whoever_goes_while_work_has_yielded_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

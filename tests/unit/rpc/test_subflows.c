/* SPDX-License-Identifier: Apache-2.0 */
/* What goes on after what: sub-flows, continuations, and what failures and DONE do to them. */
#include "toy.h"

#include "obs/metrics.h"

static step x(struct call *c)
{
    (void)c;
    toy_tell("x");
    return STEP_NEXT;
}

static step y(struct call *c)
{
    (void)c;
    toy_tell("y");
    return STEP_NEXT;
}

/* --- order ------------------------------------------------------------------------------------- */

static step then_x_then_y(struct call *c)
{
    call_then(c, x);
    call_then(c, y);
    return STEP_NEXT;
}

static void the_last_to_come_goes_first(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = then_x_then_y;
    assert_served(toy_ask(&TOY_FLOW));
    assert_story("a1 a2 a3 f1 y x f2 f3 f4");
}

static step waits_then_x_then_y(struct call *c)
{
    call_then(c, x);
    call_then(c, y);
    return toy_wait(c, toy_next);
}

static void what_follows_waits_for_the_operation(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = waits_then_x_then_y;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1");
    toy_complete();
    assert_story("then y x f2 f3 f4");
    assert_served(s);
}

static step enters_then_x(struct call *c)
{
    call_then(c, x);
    return call_enter(c, &TOY_SIDE);
}

static void what_follows_waits_for_all_rows_of_a_subflow(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = enters_then_x;
    toy.on[S1] = toy_waits;
    toy.on[S2] = waits_then_x_then_y;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    toy_complete();
    assert_story("a1 a2 a3 f1 s1 then s2");
    toy_complete();
    assert_story("then y x s3 x f2 f3 f4");
    assert_served(s);
}

static step y_enters(struct call *c)
{
    toy_tell("y");
    return call_enter(c, &TOY_SIDE);
}

static step then_x_then_y_enters(struct call *c)
{
    call_then(c, x);
    call_then(c, y_enters);
    return STEP_NEXT;
}

static void a_continuation_may_begin_more(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = then_x_then_y_enters;
    assert_served(toy_ask(&TOY_FLOW));
    assert_story("a1 a2 a3 f1 y s1 s2 s3 x f2 f3 f4");
}

static const struct subflow INNER = {
    .name = "inner",
    .steps = {STEP("x", x), STEP("y", y)},
};

static step enters_inner(struct call *c)
{
    assert_string_equal(call_row_name(c), "side.s2");
    return call_enter(c, &INNER);
}

static void subflows_nest(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_enters;
    toy.on[S2] = enters_inner;
    toy.on[S3] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_string_equal(call_row_name(toy_call(s)), "side.s3");
    toy_complete();
    assert_story("a1 a2 a3 f1 s1 s2 x y s3 then f2 f3 f4");
    assert_served(s);
    assert_int_equal(metric_value(M_STEP_SECONDS, "inner", "y"), 1);
    assert_int_equal(metric_value(M_STEP_SECONDS, "side", "s3") > 0, 1);
}

/* --- done -------------------------------------------------------------------------------------- */

static step then_x_and_done(struct call *c)
{
    call_then(c, x);
    return STEP_DONE;
}

/* It skips the sub-flow's rows and what was to follow in it, and nothing of whoever entered. */
static void done_ends_the_subflow_alone(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = enters_then_x;
    toy.on[S2] = then_x_and_done;
    assert_served(toy_ask(&TOY_FLOW));
    assert_story("a1 a2 a3 f1 s1 s2 x f2 f3 f4");
}

static step waits_and_is_done(struct call *c)
{
    call_then(c, x);
    return toy_wait(c, toy_is_done);
}

static void done_after_a_wait_is_the_same(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = enters_then_x;
    toy.on[S1] = waits_and_is_done;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    toy_complete();
    assert_story("a1 a2 a3 f1 s1 x f2 f3 f4");
    assert_served(s);
}

static step replies_and_is_done(struct call *c)
{
    return step_failed(toy_reply(c)) ? STEP_FAILED : STEP_DONE;
}

static void done_in_a_flow_answers(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = replies_and_is_done;
    assert_served(toy_ask(&TOY_FLOW));
    assert_story("a1 a2 a3 f1 f2");
}

/* --- failures ---------------------------------------------------------------------------------- */

static step then_x_and_enters(struct call *c)
{
    call_then(c, x);
    call_then(c, y);
    return call_enter(c, &TOY_SIDE);
}

static void a_failure_drops_what_was_to_follow(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = then_x_and_enters;
    toy.on[S2] = toy_fails;
    assert_refused(toy_ask(&TOY_FLOW), TOY_FAILURE);
    assert_story("a1 a2 a3 f1 s1 s2");
    toy.on[S2] = NULL;
    toy.on[F1] = toy_enters;
    toy.on[F2] = toy_fails; /* and nothing of it is left for the next row */
    assert_refused(toy_ask(&TOY_FLOW), TOY_FAILURE);
}

static struct err seen;

static step forgives(struct call *c)
{
    toy_tell("forgives");
    call_forgive(c, &seen);
    return STEP_NEXT;
}

static step fails_on(struct call *c)
{
    toy_tell("hears");
    assert_int_equal(call_err(c)->reason, TOY_FAILURE);
    return STEP_FAILED;
}

static step tries_and_forgives(struct call *c)
{
    call_then_always(c, forgives);
    call_then(c, x);
    return call_enter(c, &TOY_SIDE);
}

static step fails_with_details(struct call *c)
{
    call_error_metadata(c, "boundary", "gcc-high");
    call_note_bad_field(c, "policy", "It is bad.");
    return toy_fails(c);
}

static step has_no_details(struct call *c)
{
    assert_int_equal(c->metadata_count + c->violation_count, 0);
    return STEP_NEXT;
}

static void a_failure_may_be_forgiven(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = tries_and_forgives;
    toy.on[S2] = fails_with_details;
    toy.on[F2] = has_no_details;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1 s1 s2 forgives f2 f3 f4");
    assert_int_equal(seen.reason, TOY_FAILURE);
    assert_string_equal(seen.detail, "toy");
    assert_served(s);
    assert_logged(s, "\"step\":\"done\"");
}

static void who_wants_to_hear_hears_of_success_too(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = tries_and_forgives;
    assert_served(toy_ask(&TOY_FLOW));
    assert_story("a1 a2 a3 f1 s1 s2 s3 x forgives f2 f3 f4");
    assert_int_equal(seen.reason, R_NONE);
}

static step tries_and_fails_on(struct call *c)
{
    call_then_always(c, fails_on);
    call_then_always(c, fails_on);
    return toy_wait(c, toy_fails);
}

static void a_failure_may_go_on(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = tries_and_fails_on;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    toy_complete();
    assert_story("a1 a2 a3 f1 hears hears");
    assert_refused(s, TOY_FAILURE);
    assert_logged(s, "\"step\":\"f1\"");
}

static step overlooks(struct call *c)
{
    (void)c;
    toy_tell("overlooks");
    return STEP_NEXT;
}

static step overlooks_and_is_done(struct call *c)
{
    return step_failed(toy_reply(c)) ? STEP_FAILED : STEP_DONE;
}

static step tries_and_is_done(struct call *c)
{
    call_then_always(c, overlooks_and_is_done);
    return toy_fails(c);
}

static step tries_and_overlooks(struct call *c)
{
    call_then_always(c, overlooks);
    return toy_fails(c);
}

/* Whoever hears of a failure and neither forgives it nor fails must not lead the flow to its commit. */
static void a_failure_that_nobody_forgave_stays_one(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = tries_and_overlooks;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    assert_story("a1 a2 a3 f1 overlooks");
    assert_refused(s, TOY_FAILURE);
    toy.on[F1] = tries_and_is_done;
    assert_refused(toy_ask(&TOY_FLOW), TOY_FAILURE);
}

static step fails_another_way(struct call *c)
{
    return call_fail(c, R_ETAG_MISMATCH, "another");
}

static step tries_and_fails_another_way(struct call *c)
{
    call_then_always(c, fails_another_way);
    return toy_fails(c);
}

static void a_failure_may_become_another(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = tries_and_fails_another_way;
    assert_refused(toy_ask(&TOY_FLOW), R_ETAG_MISMATCH);
}

static step forgives_and_enters(struct call *c)
{
    call_forgive(c, &seen);
    toy.on[S1] = NULL;
    return call_enter(c, &TOY_SIDE);
}

static step tries_again(struct call *c)
{
    call_then(c, x);
    call_then_always(c, forgives_and_enters);
    return call_enter(c, &TOY_SIDE);
}

static void after_a_failure_another_way_may_be_gone(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = tries_again;
    toy.on[S1] = toy_fails;
    assert_served(toy_ask(&TOY_FLOW));
    assert_story("a1 a2 a3 f1 s1 s1 s2 s3 x f2 f3 f4");
}

/* Nobody can forgive that the client has gone or that time is up. */
static void the_end_of_a_call_is_not_forgiven(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = tries_and_forgives;
    toy.on[S1] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    toy_call(s)->deadline.ns = 0; /* it passes before the timer fires */
    toy_complete();
    assert_story("a1 a2 a3 f1 s1");
    assert_refused(s, R_DEADLINE_EXCEEDED);
    assert_logged(s, "\"step\":\"side.s1\"");
}

/* --- bounds ------------------------------------------------------------------------------------ */

static step fills_the_frames(struct call *c)
{
    for (int i = 0; i < FRAMES_MAX; i++) {
        call_then(c, x);
    }
    return STEP_NEXT;
}

static step overfills_the_frames(struct call *c)
{
    (void)fills_the_frames(c);
    return call_enter(c, &TOY_SIDE);
}

static void overfill_the_frames(void)
{
    toy.on[F1] = overfills_the_frames;
    (void)toy_ask(&TOY_FLOW);
}

static void frames_are_bounded(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = fills_the_frames;
    assert_served(toy_ask(&TOY_FLOW));
    assert_story("a1 a2 a3 f1 x x x x x x x x x x f2 f3 f4");
    assert_aborts(overfill_the_frames);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, toy_set_up, toy_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_last_to_come_goes_first),
        TEST(what_follows_waits_for_the_operation),
        TEST(what_follows_waits_for_all_rows_of_a_subflow),
        TEST(a_continuation_may_begin_more),
        TEST(subflows_nest),
        TEST(done_ends_the_subflow_alone),
        TEST(done_after_a_wait_is_the_same),
        TEST(done_in_a_flow_answers),
        TEST(a_failure_drops_what_was_to_follow),
        TEST(a_failure_may_be_forgiven),
        TEST(who_wants_to_hear_hears_of_success_too),
        TEST(a_failure_may_go_on),
        TEST(a_failure_that_nobody_forgave_stays_one),
        TEST(a_failure_may_become_another),
        TEST(after_a_failure_another_way_may_be_gone),
        TEST(the_end_of_a_call_is_not_forgiven),
        TEST(frames_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a call to whoever traces: of known callers only, the rows that waited, and how they were in each other. */
#include "toy.h"

#include "obs/tracer.h"

enum { MILLION = 1000000, WAIT_MS = 2 };

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct tracer *tracer;

static int set_up(void **state)
{
    tracer = tracer_new(MILLION);
    (void)toy_set_up(state);
    rpc_trace(toy.rpc, tracer);
    return 0;
}

static int tear_down(void **state)
{
    (void)toy_tear_down(state);
    tracer_free(tracer);
    return 0;
}

/* Operations are over in a later turn of the loop, when its clock has moved. */
static void complete_later(void)
{
    toy_run_ms(WAIT_MS);
    toy_complete();
}

static struct net_stream *ask_with(const struct flow *flow, const char *traceparent)
{
    struct net_request request = fake_net_request(flow->method);
    fake_net_header(&request, "traceparent", traceparent);
    struct net_stream *stream = toy_open_with(&request);
    toy_body(stream);
    toy_settle();
    return stream;
}

/* The only one that waits, in an arena of the test's process; the caller frees it. */
static struct trace *only_trace(void)
{
    struct trace *trace = tracer_take(tracer);
    assert_non_null(trace);
    assert_int_equal(tracer_waiting(tracer), 0);
    return trace;
}

static void assert_step(const struct trace *trace, size_t index, const char *table, const char *row,
                        unsigned depth, bool has_failed)
{
    assert_true(index < trace->step_count);
    const struct trace_step *told = &trace->steps[index];
    assert_string_equal(told->table, table);
    assert_string_equal(told->row, row);
    assert_int_equal(told->depth, depth);
    assert_int_equal(told->has_failed, has_failed);
    assert_true(told->start_ns >= 0 && told->end_ns - told->start_ns >= WAIT_MS * INT64_C(900000));
}

static void a_call_is_told_with_the_rows_that_waited(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A2] = toy_waits;
    toy.on[F3] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    complete_later();
    complete_later();
    assert_served(s);
    struct trace *trace = only_trace();
    assert_string_equal(trace->path, TOY_FLOW.method);
    assert_string_equal(trace->reason, "OK");
    assert_string_equal(trace->request_id, toy_id(s));
    assert_int_equal(trace->status, GRPC_OK);
    assert_false(trace->is_error);
    assert_false(trace->has_parent);
    assert_true(uuid_is_zero(trace->tenant));
    assert_int_equal(trace->step_count, 2);
    assert_step(trace, 0, "knock", "a2", 1, false);
    assert_step(trace, 1, "toy", "f3", 0, false);
    assert_true(trace->steps[1].start_ns >= trace->steps[0].end_ns);
    assert_true(trace->end_unix_ns - trace->start_unix_ns >= trace->steps[1].end_ns);
    assert_logged(s, "\"trace\":\"");
    trace_free(trace);
}

static void rows_are_within_the_row_that_entered_them(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_enters;
    toy.on[S1] = toy_waits;
    toy.on[S3] = toy_waits;
    (void)toy_ask(&TOY_FLOW);
    complete_later();
    complete_later();
    struct trace *trace = only_trace();
    assert_int_equal(trace->step_count, 3);
    assert_step(trace, 0, "side", "s1", 1, false);
    assert_step(trace, 1, "side", "s3", 1, false);
    assert_step(trace, 2, "toy", "f1", 0, false);
    assert_true(trace->steps[2].start_ns <= trace->steps[0].start_ns);
    assert_true(trace->steps[2].end_ns >= trace->steps[1].end_ns);
    trace_free(trace);
}

static step waits_then_fails(struct call *c)
{
    return toy_wait(c, toy_fails);
}

static void all_rows_that_a_failure_ends_have_failed(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = toy_enters;
    toy.on[S2] = waits_then_fails;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    complete_later();
    assert_refused(s, TOY_FAILURE);
    struct trace *trace = only_trace();
    assert_string_equal(trace->reason, reason_info(TOY_FAILURE)->name);
    assert_int_equal(trace->status, reason_info(TOY_FAILURE)->code);
    assert_false(trace->is_error); /* that is the caller's */
    assert_int_equal(trace->step_count, 2);
    assert_step(trace, 0, "side", "s2", 1, true);
    assert_step(trace, 1, "toy", "f2", 0, true);
    trace_free(trace);
}

static step unavailable(struct call *c)
{
    return call_fail(c, R_DATABASE_UNAVAILABLE, "toy");
}

static void what_is_ours_is_an_error(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = unavailable;
    (void)toy_ask(&TOY_FLOW);
    struct trace *trace = only_trace();
    assert_true(trace->is_error);
    assert_int_equal(trace->status, GRPC_UNAVAILABLE);
    assert_int_equal(trace->step_count, 0); /* nothing was waited for */
    trace_free(trace);
}

static step again_once(struct call *c)
{
    struct toy_state *state = call_state(c);
    return state->visits++ == 0 ? call_again_from(c, TOY_FLOW.steps[0].run) : STEP_NEXT;
}

static step waits_then_again(struct call *c)
{
    return toy_wait(c, again_once);
}

static void rows_that_are_done_again_are_told_each_time(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F2] = waits_then_again;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    complete_later();
    complete_later();
    assert_served(s);
    struct trace *trace = only_trace();
    assert_int_equal(trace->step_count, 2);
    assert_step(trace, 0, "toy", "f2", 0, false);
    assert_step(trace, 1, "toy", "f2", 0, false);
    trace_free(trace);
}

static void a_call_whose_client_has_gone_is_told(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = toy_enters;
    toy.on[S1] = toy_waits;
    struct net_stream *s = toy_ask(&TOY_FLOW);
    toy_run_ms(WAIT_MS);
    fake_net_close(s);
    toy_settle();
    struct trace *trace = only_trace();
    assert_string_equal(trace->reason, "CANCELLED");
    assert_int_equal(trace->step_count, 2);
    assert_step(trace, 0, "side", "s1", 1, true);
    assert_step(trace, 1, "toy", "f1", 0, true);
    trace_free(trace);
}

static const struct tenant_id TENANT = {{{1, 2, 3}}};

static step joins(struct call *c)
{
    return call_join_party(c, TENANT);
}

static void a_callers_trace_and_tenant_are_told(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[A3] = joins;
    (void)ask_with(&TOY_FLOW, PARENT);
    struct trace *trace = only_trace();
    assert_true(trace->has_parent);
    assert_int_equal(trace->parent.trace[0], 0x4b);
    assert_int_equal(trace->parent.span[1], 0xf0);
    assert_true(uuid_eq(trace->tenant, TENANT.u));
    trace_free(trace);
}

/* Not a word of strangers, whatever they say of their traces, and not of what is for everybody. */
static void strangers_are_not_told(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy_serve(&TOY_PUBLIC);
    toy.on[A3] = toy_refuses;
    struct net_stream *s = ask_with(&TOY_FLOW, PARENT);
    assert_refused(s, TOY_REFUSAL);
    toy.on[A3] = NULL;
    (void)ask_with(&TOY_PUBLIC, PARENT);
    (void)ask_with(&TOY_PLAIN, PARENT); /* which has no flow */
    assert_int_equal(tracer_waiting(tracer), 0);
}

static step knows_no_longer(struct call *c)
{
    toy.on[A1] = toy_refuses;
    return call_authenticate_again(c, NULL);
}

static void who_turned_out_a_stranger_is_not_told(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    toy.on[F1] = knows_no_longer;
    struct net_stream *s = ask_with(&TOY_FLOW, PARENT);
    assert_refused(s, TOY_REFUSAL);
    assert_int_equal(tracer_waiting(tracer), 0);
}

static void of_two_traceparents_none_counts(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    struct net_request request = fake_net_request(TOY_FLOW.method);
    fake_net_header(&request, "traceparent", PARENT);
    fake_net_header(&request, "traceparent", PARENT);
    toy_body(toy_open_with(&request));
    toy_settle();
    struct trace *trace = only_trace();
    assert_false(trace->has_parent);
    trace_free(trace);
}

static void what_its_caller_does_not_trace_is_not(void **state)
{
    (void)state;
    toy_serve(&TOY_FLOW);
    assert_served(ask_with(&TOY_FLOW, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"));
    assert_int_equal(tracer_waiting(tracer), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_call_is_told_with_the_rows_that_waited),
        TEST(rows_are_within_the_row_that_entered_them),
        TEST(all_rows_that_a_failure_ends_have_failed),
        TEST(what_is_ours_is_an_error),
        TEST(rows_that_are_done_again_are_told_each_time),
        TEST(a_call_whose_client_has_gone_is_told),
        TEST(a_callers_trace_and_tenant_are_told),
        TEST(strangers_are_not_told),
        TEST(who_turned_out_a_stranger_is_not_told),
        TEST(of_two_traceparents_none_counts),
        TEST(what_its_caller_does_not_trace_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls are traced, whose trace they are in, and what waits. */
#include "chancery_test.h"

#include <string.h>

#include "obs/metrics.h"
#include "obs/tracer.h"

enum { BUDGET = 64 * 1024, MILLION = 1000000 };

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(BUDGET);
    metrics_reset();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* --- traceparent ---------------------------------------------------------------------------------- */

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static void a_traceparent_is_read(void **state)
{
    static const uint8_t trace[] = {0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6,
                                    0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36};
    static const uint8_t span[] = {0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7};
    struct trace_context context;
    (void)state;
    assert_true(trace_context_parse(slice_str("00-" TRACE "-" SPAN "-01"), &context));
    assert_memory_equal(context.trace, trace, sizeof trace);
    assert_memory_equal(context.span, span, sizeof span);
    assert_true(context.is_sampled);
    assert_true(trace_context_parse(slice_str("00-" TRACE "-" SPAN "-02"), &context));
    assert_false(context.is_sampled);
    assert_true(
        trace_context_parse(slice_str("cc-" TRACE "-" SPAN "-03-what-is-to-come"), &context));
    assert_true(context.is_sampled);
}

static void what_is_no_traceparent_is_none(void **state)
{
    static const char *const bad[] = {
        "",
        "00-" TRACE "-" SPAN "-0",
        "00-" TRACE "-" SPAN "-01-more",
        "cc-" TRACE "-" SPAN "-01.more",
        "ff-" TRACE "-" SPAN "-01",
        "0g-" TRACE "-" SPAN "-01",
        "00-" TRACE "-" SPAN "-0g",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" TRACE "-0000000000000000-01",
        "00_" TRACE "-" SPAN "-01",
        "00-" TRACE "_" SPAN "-01",
        "00-" TRACE "-" SPAN "_01",
    };
    struct trace_context context;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(trace_context_parse(slice_str(bad[i]), &context));
    }
}

/* Whatever byte is wrong: nothing beyond it is read, and no letter of another case or alphabet counts. */
static void each_byte_of_a_traceparent_counts(void **state)
{
    static const char good[] = "00-" TRACE "-" SPAN "-01";
    struct trace_context context;
    (void)state;
    for (size_t i = 0; i < sizeof good - 1; i++) {
        char bad[sizeof good];
        memcpy(bad, good, sizeof good);
        bad[i] = 'Z';
        assert_false(trace_context_parse(slice_str(bad), &context));
        assert_false(trace_context_parse(slice_of(good, i), &context));
    }
}

/* --- which calls ---------------------------------------------------------------------------------- */

static size_t count_drawn(uint32_t per_million, size_t calls)
{
    struct tracer *tracer = tracer_new(per_million);
    size_t drawn = 0;
    for (size_t i = 0; i < calls; i++) {
        drawn += trace_begin(tracer, arena, SLICE_NONE) != NULL;
        arena_reset(arena);
    }
    tracer_free(tracer);
    return drawn;
}

static void calls_are_drawn(void **state)
{
    (void)state;
    assert_int_equal(count_drawn(0, 2000), 0);
    assert_int_equal(count_drawn(MILLION, 2000), 2000);
    assert_in_range(count_drawn(MILLION / 2, 2000), 700,
                    1300); /* 13 standard deviations to either side */
}

static void a_callers_trace_decides(void **state)
{
    struct tracer *never = tracer_new(0), *always = tracer_new(MILLION);
    (void)state;
    const struct trace *trace = trace_begin(never, arena, slice_str("00-" TRACE "-" SPAN "-01"));
    assert_non_null(trace);
    assert_true(trace->has_parent);
    assert_int_equal(trace->parent.trace[0], 0x4b);
    assert_null(trace_begin(always, arena, slice_str("00-" TRACE "-" SPAN "-00")));
    trace = trace_begin(always, arena, slice_str("nonsense"));
    assert_non_null(trace);
    assert_false(trace->has_parent);
    assert_null(trace_begin(never, arena, slice_str("nonsense")));
    tracer_free(never);
    tracer_free(always);
}

static void each_trace_has_ids_of_its_own(void **state)
{
    struct tracer *tracer = tracer_new(MILLION);
    const struct trace *one = trace_begin(tracer, arena, SLICE_NONE);
    const struct trace *other = trace_begin(tracer, arena, SLICE_NONE);
    (void)state;
    assert_memory_not_equal(one->parent.trace, other->parent.trace, TRACE_ID_BYTES);
    assert_memory_not_equal(one->span, other->span, SPAN_ID_BYTES);
    tracer_free(tracer);
}

static void a_call_without_memory_is_not_traced(void **state)
{
    struct tracer *tracer = tracer_new(MILLION);
    (void)state;
    arena_fail_at(arena, 1);
    assert_null(trace_begin(tracer, arena, SLICE_NONE));
    tracer_free(tracer);
}

/* --- what waits ------------------------------------------------------------------------------------- */

static void steps_are_bounded(void **state)
{
    struct tracer *tracer = tracer_new(MILLION);
    struct trace *trace = trace_begin(tracer, arena, SLICE_NONE);
    (void)state;
    for (int i = 0; i < TRACE_STEPS_MAX + 3; i++) {
        trace_add_step(trace, &(struct trace_step){.table = "t", .row = "r", .end_ns = i});
    }
    assert_int_equal(trace->step_count, TRACE_STEPS_MAX);
    assert_int_equal(trace->steps_left_out, 3);
    assert_int_equal(trace_spans(trace), TRACE_STEPS_MAX + 1);
    trace_finish(tracer, trace);
    struct trace *copy = tracer_take(tracer);
    assert_non_null(copy);
    assert_int_equal(copy->steps[TRACE_STEPS_MAX - 1].end_ns, TRACE_STEPS_MAX - 1);
    trace_free(copy);
    tracer_free(tracer);
}

static size_t wakes;
static void count_wake(void *ctx)
{
    (void)ctx;
    wakes++;
}

static void what_waits_is_bounded_and_what_is_dropped_is_counted(void **state)
{
    struct tracer *tracer = tracer_new(MILLION);
    (void)state;
    wakes = 0;
    tracer_on_full(tracer, 100, count_wake, NULL);
    for (int i = 0; i < TRACER_SPANS_MAX + 5; i++) {
        struct trace *trace = trace_begin(tracer, arena, SLICE_NONE);
        trace->start_unix_ns = i;
        trace_finish(tracer, trace);
        arena_reset(arena);
        assert_int_equal(wakes, i < 99 ? 0 : i < TRACER_SPANS_MAX ? i - 98 : TRACER_SPANS_MAX - 99);
    }
    assert_int_equal(tracer_waiting(tracer), TRACER_SPANS_MAX);
    assert_int_equal(metric_value(M_OTLP_DROPPED, "spans", "queue_full"), 5);
    for (int i = 0; i < 3; i++) { /* the oldest first */
        struct trace *trace = tracer_take(tracer);
        assert_int_equal(trace->start_unix_ns, i);
        trace_free(trace);
    }
    assert_int_equal(tracer_waiting(tracer), TRACER_SPANS_MAX - 3);
    tracer_free(tracer); /* with what waits */
}

static void finish_one(struct tracer *tracer, uint8_t tenant, size_t steps)
{
    struct trace *trace = trace_begin(tracer, arena, SLICE_NONE);
    trace->tenant.b[UUID_BYTES - 1] = tenant;
    for (size_t i = 0; i < steps; i++) {
        trace_add_step(trace, &(struct trace_step){.table = "t", .row = "r", .end_ns = 1});
    }
    trace_finish(tracer, trace);
    arena_reset(arena);
}

static void expect_taken(struct tracer *tracer, uint8_t tenant)
{
    struct trace *trace = tracer_take(tracer);
    assert_non_null(trace);
    assert_int_equal(trace->tenant.b[UUID_BYTES - 1], tenant);
    trace_free(trace);
}

static void a_tenant_that_fills_the_queue_loses_its_own(void **state)
{
    struct tracer *tracer = tracer_new(MILLION);
    (void)state;
    metrics_reset();
    assert_null(tracer_take(tracer));
    for (int i = 0; i < TRACER_SPANS_MAX; i++) {
        finish_one(tracer, 1, 0);
    }
    finish_one(tracer, 2, 3); /* four spans */
    finish_one(tracer, 2, 0);
    assert_int_equal(metric_value(M_OTLP_DROPPED, "spans", "queue_full"), 5);
    assert_int_equal(tracer_waiting(tracer), TRACER_SPANS_MAX);
    finish_one(tracer, 1, 0); /* its own newest goes, which is this one */
    assert_int_equal(metric_value(M_OTLP_DROPPED, "spans", "queue_full"), 6);
    expect_taken(tracer, 1); /* in turn */
    expect_taken(tracer, 2);
    expect_taken(tracer, 1);
    expect_taken(tracer, 2);
    expect_taken(tracer, 1);
    expect_taken(tracer, 1);
    assert_int_equal(tracer_waiting(tracer), TRACER_SPANS_MAX - 9);
    tracer_free(tracer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_traceparent_is_read),
        TEST(what_is_no_traceparent_is_none),
        TEST(each_byte_of_a_traceparent_counts),
        TEST(calls_are_drawn),
        TEST(a_callers_trace_decides),
        TEST(each_trace_has_ids_of_its_own),
        TEST(a_call_without_memory_is_not_traced),
        TEST(steps_are_bounded),
        TEST(what_waits_is_bounded_and_what_is_dropped_is_counted),
        TEST(a_tenant_that_fills_the_queue_loses_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/tracer.h"

#include <string.h>

#include "base/mem.h"
#include "obs/metrics.h"

enum { MILLION = 1000000 };

struct tracer {
    uint32_t per_million;
    struct turns waiting; /* of struct trace, by tenant */
    size_t spans;
    size_t full; /* 0: nobody wants to hear */
    void (*wake)(void *ctx);
    void *ctx;
};

struct tracer *tracer_new(uint32_t per_million)
{
    struct tracer *tracer = xcalloc(1, sizeof *tracer);
    tracer->per_million = per_million;
    turns_init(&tracer->waiting);
    return tracer;
}

void tracer_free(struct tracer *tracer)
{
    if (tracer == NULL) {
        return;
    }
    for (struct turn *turn; (turn = turns_take(&tracer->waiting)) != NULL;) {
        trace_free(LIST_ENTRY(turn, struct trace, turn));
    }
    xfree(tracer);
}

void tracer_on_full(struct tracer *tracer, size_t spans, void (*wake)(void *ctx), void *ctx)
{
    tracer->full = spans;
    tracer->wake = wake;
    tracer->ctx = ctx;
}

static size_t bytes_of(size_t steps)
{
    return sizeof(struct trace) + steps * sizeof(struct trace_step);
}

static bool is_drawn(const struct tracer *tracer, const struct uuid *random)
{
    uint32_t number;
    memcpy(&number, random->b, sizeof number);
    return (uint64_t)number * MILLION < (uint64_t)tracer->per_million << 32;
}

/* A caller who says that its trace is not recorded is heard as well: half a trace helps nobody. */
struct trace *trace_begin(struct tracer *tracer, struct arena *arena, struct slice traceparent)
{
    struct trace_context parent;
    bool has_parent = trace_context_parse(traceparent, &parent);
    struct uuid own = has_parent ? (struct uuid){{0}} : uuid_random();
    if (has_parent ? !parent.is_sampled : !is_drawn(tracer, &own)) {
        return NULL;
    }
    struct trace *trace = arena_zalloc(arena, bytes_of(TRACE_STEPS_MAX));
    if (trace == NULL) {
        return NULL; /* a call that is short of memory has other cares */
    }
    struct uuid random = uuid_random();
    memcpy(trace->span, random.b, SPAN_ID_BYTES);
    trace->has_parent = has_parent;
    if (has_parent) {
        trace->parent = parent;
    } else {
        own = uuid_random(); /* not the number that was drawn: drawn ones begin alike */
        memcpy(trace->parent.trace, own.b, TRACE_ID_BYTES);
    }
    return trace;
}

void trace_add_step(struct trace *trace, const struct trace_step *step)
{
    if (trace->step_count == TRACE_STEPS_MAX) {
        trace->steps_left_out++;
        return;
    }
    trace->steps[trace->step_count++] = *step;
}

static void make_room(struct tracer *tracer)
{
    while (tracer->spans > TRACER_SPANS_MAX) {
        struct turn *newest = turns_take_newest_of_longest(&tracer->waiting);
        struct trace *trace = LIST_ENTRY(newest, struct trace, turn);
        metric_add(M_OTLP_DROPPED, "spans", "queue_full", (int64_t)trace_spans(trace));
        tracer->spans -= trace_spans(trace);
        trace_free(trace);
    }
}

void trace_finish(struct tracer *tracer, const struct trace *trace)
{
    struct trace *copy = xcalloc(1, bytes_of(trace->step_count));
    memcpy(copy, trace, bytes_of(trace->step_count));
    turns_add(&tracer->waiting, copy->tenant, &copy->turn);
    tracer->spans += trace_spans(copy);
    if (tracer->spans > TRACER_SPANS_MAX) {
        make_room(tracer);
    } else if (tracer->full > 0 && tracer->spans >= tracer->full) {
        tracer->wake(tracer->ctx);
    }
}

size_t tracer_waiting(const struct tracer *tracer)
{
    return tracer->spans;
}

struct trace *tracer_take(struct tracer *tracer)
{
    struct turn *turn = turns_take(&tracer->waiting);
    if (turn == NULL) {
        return NULL;
    }
    struct trace *trace = LIST_ENTRY(turn, struct trace, turn);
    tracer->spans -= trace_spans(trace);
    return trace;
}

void trace_free(struct trace *trace)
{
    xfree(trace);
}

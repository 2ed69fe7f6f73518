/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of calls: what one call did and when, and those that are finished and wait to be sent.
 *
 * Whether a call is traced is decided when it begins: its caller's trace says so, or it is drawn. Who is calling is known later
 * only, so what is recorded of a stranger is dropped at the end (trace_finish is not called): a stranger can't have anything
 * sent. Finished ones wait in a bounded queue, and tenants take turns in it. When it is full, the tenant of whom most waits loses
 * its newest, which is counted (M_OTLP_DROPPED): whoever has each of their calls traced costs nobody else's.
 *
 * Names are static texts of ours, and there is no field for a text from outside. Loop thread only. */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "base/turns.h"
#include "obs/trace_context.h"

struct tracer;

enum {
    TRACE_STEPS_MAX = 32, /* of one call; further ones are counted */
    TRACE_SPANS_MAX = 1 + TRACE_STEPS_MAX,
    TRACER_SPANS_MAX = 2048, /* that wait */
};

/* `per_million` of the calls that belong to no trace of their caller's are drawn. */
struct tracer *tracer_new(uint32_t per_million);
void tracer_free(struct tracer *tracer);
/* Call `wake` whenever at least `spans` wait, from within trace_finish. */
void tracer_on_full(struct tracer *tracer, size_t spans, void (*wake)(void *ctx), void *ctx);

/* A step that waited: one that did not takes no time by the loop's clock. Times are nanoseconds since the call began. */
struct trace_step {
    const char *table, *row; /* "authenticate", "role" */
    int64_t start_ns, end_ns;
    unsigned depth; /* how many sub-flows it is in */
    bool has_failed;
};

/* One call. While it runs it is in the call's arena; what waits is a copy. */
struct trace {
    struct turn turn; /* private */
    struct list link; /* the taker's */
    struct trace_context parent;
    bool has_parent; /* else parent.trace is an id of ours */
    uint8_t span[SPAN_ID_BYTES];
    int64_t start_unix_ns, end_unix_ns;
    const char *path; /* "/chancery.v1.LicensingService/AcquireLicense" */
    const char *protocol, *reason;
    int status; /* of gRPC */
    bool is_error;
    struct uuid tenant; /* of the caller; zero: none */
    char request_id[UUID_TEXT_BYTES];
    size_t steps_left_out, step_count;
    struct trace_step steps[]; /* room for TRACE_STEPS_MAX while the call runs */
};

/* The call is recorded from now on; NULL: it is not traced. `traceparent`: what its caller says; empty: nothing. */
struct trace *trace_begin(struct tracer *tracer, struct arena *arena, struct slice traceparent);
/* A step is over. Steps that are within others come before those. */
void trace_add_step(struct trace *trace, const struct trace_step *step);
/* The call is over, and its caller is known: everything above is filled in. Copies. */
void trace_finish(struct tracer *tracer, const struct trace *trace);

/* Spans that wait. */
size_t tracer_waiting(const struct tracer *tracer);
/* Spans that a trace is sent as. */
static inline size_t trace_spans(const struct trace *trace)
{
    return 1 + trace->step_count;
}
/* Take the oldest trace that waits of the tenant whose turn it is; NULL: none waits. Free it by trace_free. */
struct trace *tracer_take(struct tracer *tracer);
void trace_free(struct trace *trace);

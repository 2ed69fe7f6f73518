/* SPDX-License-Identifier: Apache-2.0 */
/* What is traced of a call: one span of the whole, and one of each row at which it waited, by the table's names.
 *
 * The clock of the loop stands still while a row runs, so a row that waited for nothing takes no time and is left out. What
 * is recorded of a call is sent only if its caller was authenticated: a stranger's `traceparent` makes nobody send anything.
 * The items of a batch are within its row. */
#include <stdio.h>

#include "rpc/call_internal.h"

void call_trace_begin(struct call *c)
{
    bool is_said = call_metadata_count(c, "traceparent") == 1; /* of two none counts */
    if (c->rpc->tracer != NULL && !method_is_public(c->method)) {
        c->trace = trace_begin(c->rpc->tracer, c->arena,
                               is_said ? call_metadata(c, "traceparent") : SLICE_NONE);
    }
}

static unsigned tables_within(const struct call *c, size_t frames)
{
    unsigned tables = 0;
    for (size_t i = 0; i < frames; i++) {
        tables += c->frames[i].sub != NULL;
    }
    return tables;
}

static void add_row(const struct call *c, struct trace_step told, struct mono_time started)
{
    int64_t now_ns = loop_now(c->rpc->loop).ns;
    if (c->trace != NULL && started.ns > 0 && now_ns > started.ns) {
        told.start_ns = started.ns - c->started.ns;
        told.end_ns = now_ns - c->started.ns;
        trace_add_step(c->trace, &told);
    }
}

void call_trace_row(const struct call *c, const char *table, const char *row,
                    struct mono_time started, bool has_failed)
{
    add_row(c,
            (struct trace_step){.table = table,
                                .row = row,
                                .depth = tables_within(c, c->depth),
                                .has_failed = has_failed},
            started);
}

void call_trace_rows(const struct call *c, bool has_failed)
{
    for (size_t i = c->depth; i > 0; i--) {
        const struct frame *frame = &c->frames[i - 1];
        if (frame->sub != NULL) {
            add_row(c,
                    (struct trace_step){.table = frame->sub->name,
                                        .row = frame->sub->steps[frame->row].name,
                                        .depth = tables_within(c, i),
                                        .has_failed = has_failed},
                    frame->row_started);
        }
    }
    if (c->phase == PHASE_RUNNING && c->flow->steps[c->row].name != NULL) {
        add_row(c,
                (struct trace_step){.table = c->flow->name,
                                    .row = c->flow->steps[c->row].name,
                                    .has_failed = has_failed},
                c->row_started);
    }
}

static bool is_told(const struct call *c)
{
    return c->trace != NULL && c->caller != NULL && c->is_known;
}

const char *call_trace_text(const struct call *c, char out[2 * TRACE_ID_BYTES + 1])
{
    for (size_t i = 0; i < TRACE_ID_BYTES && is_told(c); i++) {
        snprintf(out + 2 * i, 3, "%02x", c->trace->parent.trace[i]);
    }
    return is_told(c) ? out : NULL;
}

/* OpenTelemetry's semantic conventions for servers of gRPC: what is the caller's fault is none of the span's. */
static bool is_error(enum grpc_code code)
{
    return code == GRPC_UNKNOWN || code == GRPC_DEADLINE_EXCEEDED || code == GRPC_UNIMPLEMENTED ||
           code == GRPC_INTERNAL || code == GRPC_UNAVAILABLE || code == GRPC_DATA_LOSS;
}

void call_trace_done(struct call *c)
{
    struct trace *trace = c->trace;
    bool ok = c->err.reason == R_NONE;
    enum grpc_code code = ok ? GRPC_OK : reason_info(c->err.reason)->code;
    if (!is_told(c)) {
        return;
    }
    trace->end_unix_ns = loop_unix_us(c->rpc->loop) * 1000;
    trace->start_unix_ns = trace->end_unix_ns - (loop_now(c->rpc->loop).ns - c->started.ns);
    trace->path = c->method->path;
    trace->protocol = c->facts.framing;
    trace->reason = ok ? "OK" : reason_info(c->err.reason)->name;
    trace->status = (int)code;
    trace->is_error = is_error(code);
    trace->tenant = c->tenant.u;
    snprintf(trace->request_id, sizeof trace->request_id, "%s", c->request_id);
    trace_finish(c->rpc->tracer, trace);
    c->trace = NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine says of its calls: one log line per call, metrics and spans per step. */
#include "obs/log.h"
#include "obs/metrics.h"
#include "rpc/call_internal.h"

static const char *flow_name(const struct call *c)
{
    return c->flow == NULL ? "unimplemented" : c->flow->name;
}

void observe_step(const struct call *c, const char *table, const char *row,
                  struct mono_time started)
{
    metric_observe(M_STEP_SECONDS, table, row, loop_now(c->rpc->loop).ns - started.ns);
    call_trace_row(c, table, row, started, false);
}

/* The client can do nothing about it: whoever runs the server has to look. Reasons of many kinds have such a status;
 * gRPC gives it to what clients frame wrongly, too. */
static bool is_our_fault(const struct call *c)
{
    if (c->err.reason == R_FRAMING_BROKEN || c->err.reason == R_COMPRESSION_INVALID) {
        return false;
    }
    enum grpc_code code = reason_info(c->err.reason)->code;
    return c->err.reason != R_NONE &&
           (code == GRPC_INTERNAL || code == GRPC_UNKNOWN || code == GRPC_DATA_LOSS);
}

void observe_call_done(const struct call *c, const char *row)
{
    int64_t ns = loop_now(c->rpc->loop).ns - c->started.ns;
    bool ok = c->err.reason == R_NONE;
    char trace[2 * TRACE_ID_BYTES + 1];
    const char *reason = ok ? "OK" : reason_info(c->err.reason)->name;
    enum log_level level = c->part_of != NULL ? LOG_DEBUG : LOG_INFO; /* a batch has one line */
    level = is_our_fault(c) ? LOG_ERROR : level;
    metric_add(M_CALLS, flow_name(c), reason, 1);
    metric_observe(M_CALL_SECONDS, flow_name(c), NULL, ns);
    log_event(level, "call.done", F_STR("method", c->method->path), F_STR("reason", reason),
              F_STR("step", row), F_STR("trace", call_trace_text(c, trace)),
              F_STR("protocol", c->facts.framing), F_STR("codec", c->codec->name),
              F_MICROS("ms", ns / 1000), F_STR("client", call_client_is_gone(c) ? "gone" : "there"),
              F_USER("peer", c->facts.peer), F_USER("caller", c->caller_name),
              F_USER("detail", ok ? NULL : c->err.detail), F_STR("check", ok ? NULL : c->err.check),
              F_STR("at", ok ? NULL : c->err.file), F_INT("line", ok ? 0 : c->err.line));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/otlp_spans.h"

#include <stdio.h>
#include <string.h>

#include "wire/pb.h"

typedef Chancery__Otlp__V1__Span Span;

/* Bits 8 and 9 of a span's flags: whether its parent is another process's is known, and it is. */
enum { FLAG_SAMPLED = 1, FLAG_REMOTE_IS_KNOWN = 0x100, FLAG_PARENT_IS_REMOTE = 0x200 };

struct spans {
    struct arena *arena;
    Span *list[OTLP_BATCH_SPANS];
    size_t count;
};

static ProtobufCBinaryData bytes_of(const uint8_t *bytes, size_t len)
{
    return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)(uintptr_t)bytes};
}

static Span *add_span(struct spans *to, const struct trace *trace, const uint8_t *id)
{
    Span *span = ARENA_NEW(to->arena, Span);
    CH_ASSERT(to->count < OTLP_BATCH_SPANS);
    if (span == NULL) {
        return NULL;
    }
    chancery__otlp__v1__span__init(span);
    span->trace_id = bytes_of(trace->parent.trace, TRACE_ID_BYTES);
    span->span_id = bytes_of(id, SPAN_ID_BYTES);
    span->flags = FLAG_SAMPLED | FLAG_REMOTE_IS_KNOWN;
    to->list[to->count++] = span;
    return span;
}

static void set_error(struct spans *to, Span *span)
{
    span->status = ARENA_NEW(to->arena, Chancery__Otlp__V1__Status);
    if (span->status != NULL) {
        chancery__otlp__v1__status__init(span->status);
        span->status->code = CHANCERY__OTLP__V1__STATUS_CODE__STATUS_CODE_ERROR;
    }
}

/* Of frames that are not gRPC's own only gRPC-Web is gRPC (OpenTelemetry's semantic conventions for RPC). */
static const char *system_of(const struct trace *trace)
{
    return strncmp(trace->protocol, "grpc", 4) == 0 ? "grpc" : "connect_rpc";
}

static void add_attributes(struct spans *to, Span *span, const struct trace *trace)
{
    struct otlp_attributes attributes = {.arena = to->arena};
    const char *service = trace->path + 1, *slash = strchr(service, '/');
    size_t len = slash == NULL ? strlen(service) : (size_t)(slash - service);
    char tenant[UUID_TEXT_BYTES];
    uuid_format(trace->tenant, tenant);
    otlp_add_text(&attributes, "rpc.system", system_of(trace));
    otlp_add_text(&attributes, "rpc.service", arena_dup(to->arena, slice_of(service, len)));
    otlp_add_text(&attributes, "rpc.method", slash == NULL ? "" : slash + 1);
    otlp_add_number(&attributes, "rpc.grpc.status_code", trace->status);
    otlp_add_text(&attributes, "chancery.protocol", trace->protocol);
    otlp_add_text(&attributes, "chancery.reason", trace->reason);
    otlp_add_text(&attributes, "chancery.request_id", trace->request_id);
    if (!uuid_is_zero(trace->tenant)) {
        otlp_add_text(&attributes, "chancery.tenant_id", arena_strdup(to->arena, tenant));
    }
    if (trace->is_error) {
        otlp_add_text(&attributes, "error.type", trace->reason);
    }
    if (trace->steps_left_out > 0) {
        otlp_add_number(&attributes, "chancery.steps_left_out", (int64_t)trace->steps_left_out);
    }
    otlp_give_attributes(&attributes, &span->attributes, &span->n_attributes);
}

static void add_call(struct spans *to, const struct trace *trace)
{
    Span *span = add_span(to, trace, trace->span);
    if (span == NULL) {
        return;
    }
    span->name = otlp_text(trace->path + 1);
    span->kind = CHANCERY__OTLP__V1__SPAN_KIND__SPAN_KIND_SERVER;
    span->start_time_unix_nano = (uint64_t)trace->start_unix_ns;
    span->end_time_unix_nano = (uint64_t)trace->end_unix_ns;
    if (trace->has_parent) {
        span->parent_span_id = bytes_of(trace->parent.span, SPAN_ID_BYTES);
        span->flags |= FLAG_PARENT_IS_REMOTE;
    }
    if (trace->is_error) {
        set_error(to, span);
    }
    add_attributes(to, span, trace);
}

/* The step within which another one was: the next one that began no later in a table further out, because a step is added when
 * it is over. That one may have been left out, and then it is one further out. trace->step_count: none. */
static size_t outer_step(const struct trace *trace, size_t inner)
{
    const struct trace_step *step = &trace->steps[inner];
    size_t i = inner + 1;
    while (i < trace->step_count &&
           (trace->steps[i].depth >= step->depth || trace->steps[i].start_ns > step->start_ns)) {
        i++;
    }
    return i;
}

static void add_steps(struct spans *to, const struct trace *trace)
{
    uint8_t(*ids)[SPAN_ID_BYTES] = arena_array(to->arena, trace->step_count, SPAN_ID_BYTES);
    for (size_t i = 0; i < trace->step_count && ids != NULL; i++) {
        struct uuid random = uuid_random();
        memcpy(ids[i], random.b, SPAN_ID_BYTES);
    }
    for (size_t i = 0; i < trace->step_count && ids != NULL; i++) {
        const struct trace_step *step = &trace->steps[i];
        size_t outer = outer_step(trace, i);
        Span *span = add_span(to, trace, ids[i]);
        if (span == NULL) {
            return;
        }
        span->parent_span_id =
            bytes_of(outer < trace->step_count ? ids[outer] : trace->span, SPAN_ID_BYTES);
        span->name = arena_printf(to->arena, "%s.%s", step->table, step->row);
        span->kind = CHANCERY__OTLP__V1__SPAN_KIND__SPAN_KIND_INTERNAL;
        span->start_time_unix_nano = (uint64_t)(trace->start_unix_ns + step->start_ns);
        span->end_time_unix_nano = (uint64_t)(trace->start_unix_ns + step->end_ns);
        if (step->has_failed) {
            set_error(to, span);
        }
    }
}

static rc pack(struct spans *spans, const struct otlp_sender *sender, struct slice *out,
               struct err *err)
{
    struct arena *arena = spans->arena;
    Chancery__Otlp__V1__ExportTraceRequest request = CHANCERY__OTLP__V1__EXPORT_TRACE_REQUEST__INIT;
    Chancery__Otlp__V1__ResourceSpans resource = CHANCERY__OTLP__V1__RESOURCE_SPANS__INIT;
    Chancery__Otlp__V1__ScopeSpans scope = CHANCERY__OTLP__V1__SCOPE_SPANS__INIT;
    Chancery__Otlp__V1__ResourceSpans *resources[] = {&resource};
    Chancery__Otlp__V1__ScopeSpans *scopes[] = {&scope};
    scope.scope = otlp_scope(arena, sender);
    scope.n_spans = spans->count;
    scope.spans = spans->list;
    resource.resource = otlp_resource(arena, sender);
    resource.n_scope_spans = 1;
    resource.scope_spans = scopes;
    request.n_resource_spans = 1;
    request.resource_spans = resources;
    ENSURE(!arena_is_exceeded(arena), err, R_ARENA_EXHAUSTED);
    return pb_pack(arena, &request.base, out, err);
}

rc otlp_pack_spans(struct arena *arena, const struct otlp_sender *sender, const struct list *traces,
                   struct slice *out, struct err *err)
{
    struct spans *spans = ARENA_NEW(arena, struct spans);
    ARENA_ENSURE(spans, err);
    spans->arena = arena;
    LIST_EACH (link, traces) {
        const struct trace *trace = LIST_ENTRY(link, struct trace, link);
        add_call(spans, trace);
        add_steps(spans, trace);
    }
    return pack(spans, sender, out, err);
}

int64_t otlp_rejected_spans(struct arena *arena, struct slice answer, const char **why)
{
    ProtobufCMessage *message = NULL;
    struct err err = {0};
    *why = "";
    if (!pb_unpack(arena, &chancery__otlp__v1__export_trace_response__descriptor, answer, &message,
                   &err)
             .ok) {
        return 0;
    }
    const Chancery__Otlp__V1__TracePartialSuccess *partial =
        ((const Chancery__Otlp__V1__ExportTraceResponse *)message)->partial_success;
    *why = partial == NULL ? "" : partial->error_message;
    return partial == NULL ? 0 : partial->rejected_spans;
}

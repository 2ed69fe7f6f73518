/* SPDX-License-Identifier: Apache-2.0 */
/* Between net and the engine: a stream opens a call, its messages become requests. The stream of a call that was
 * answered has none any more. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "obs/metrics.h"
#include "rpc/call_internal.h"
#include "wire/pb.h"

enum { DETAILS_BUDGET = 16 * 1024 };

static const char ACCEPT_POST[] =
    "application/json, application/proto, application/connect+json, application/connect+proto, "
    "application/grpc, application/grpc+proto, application/grpc-web, application/grpc-web+proto, "
    "application/grpc-web-text, application/grpc-web-text+proto";

static struct slice on_details(void *ctx, struct arena *arena, enum reason reason)
{
    const struct rpc *rpc = ctx;
    char request_id[UUID_TEXT_BYTES];
    uuid_format(uuid_v7(loop_unix_us(rpc->loop)), request_id);
    return call_status_details(arena, request_id, reason);
}

static void reply_bad_type(struct net_stream *stream)
{
    net_stream_reply_page(
        stream, &(struct net_page){.status = 415,
                                   .content_type = "text/plain",
                                   .cache_control = "no-store",
                                   .accept_post = ACCEPT_POST,
                                   .body = slice_str("expected a content type of accept-post\n")});
}

/* Answer a request for which there is no call: an unknown path, or no protocol of ours. */
static void refuse_stream(struct rpc *rpc, struct net_stream *stream,
                          const struct net_request *request)
{
    if (request->framing != NULL) {
        const struct reason_info *info = reason_info(R_METHOD_UNKNOWN);
        AUTO(arena_free_at) struct arena *arena = arena_new(DETAILS_BUDGET);
        net_stream_finish_unknown(stream, info->text, on_details(rpc, arena, R_METHOD_UNKNOWN));
        return;
    }
    bool is_method = rpc_find_method(request->path, NULL) != NULL;
    if (strcmp(request->method, "POST") == 0) {
        reply_bad_type(stream);
    } else if (is_method) {
        net_stream_reply_page(stream, &(struct net_page){.status = 405,
                                                         .content_type = "text/plain",
                                                         .cache_control = "no-store",
                                                         .allow = "POST",
                                                         .body = slice_str("expected POST\n")});
    } else {
        net_stream_reply_http(stream, 404, "text/plain", slice_str("not found\n"));
    }
}

/* The timer may be a little early by the loop's clock, and what is committed or refused just now is finished first:
 * from here on the deadline has passed. */
static void on_deadline(struct loop_timer *timer)
{
    struct call *c = LIST_ENTRY(timer, struct call, deadline_timer);
    c->deadline = loop_now(c->rpc->loop);
    call_abort(c, R_DEADLINE_EXCEEDED);
}

/* Copy what outlives the stream. False: not all of it found room. */
static bool copy_facts(struct call *c, const struct net_request *request)
{
    c->facts = *request;
    c->facts.peer = arena_strdup(c->arena, request->peer);
    c->facts.path = c->method->path;
    c->facts.method = "POST";
    c->facts.document_of =
        request->document_of == NULL ? NULL : arena_strdup(c->arena, request->document_of);
    bool is_whole =
        c->facts.peer != NULL && (c->facts.document_of != NULL || request->document_of == NULL);
    for (size_t i = 0; i < request->header_count && is_whole; i++) {
        struct net_header *h = &c->facts.headers[i];
        h->name = arena_strdup(c->arena, request->headers[i].name);
        h->value = arena_strdup(c->arena, request->headers[i].value);
        is_whole = h->name != NULL && h->value != NULL;
    }
    return is_whole;
}

/* All have one, also a stream that may last: until it has begun, its client has a body to send. */
static void set_deadline(struct call *c, int64_t asked_ms)
{
    int64_t limit = c->rpc->limits.max_deadline_ms;
    int64_t ms = asked_ms > 0 && asked_ms < limit ? asked_ms : limit;
    c->started = loop_now(c->rpc->loop);
    c->deadline = mono_add_ms(c->started, ms);
    loop_timer_arm(&c->deadline_timer, ms);
}

/* Connect says by its content type whether a method streams. */
static bool is_framing_for(const struct net_request *request, const struct method *method)
{
    bool streams = method->client_streams != 0 || method->server_streams != 0;
    return streams ? !request->only_unary : !request->only_streaming;
}

static void on_open(void *ctx, struct net_stream *stream, const struct net_request *request)
{
    struct rpc *rpc = ctx;
    size_t index;
    const struct method *method = rpc_find_method(request->path, &index);
    if (method == NULL || request->framing == NULL || request->query != NULL) {
        refuse_stream(rpc, stream, request);
        return;
    }
    if (!is_framing_for(request, method)) {
        reply_bad_type(stream);
        return;
    }
    struct call *c = xcalloc(1, sizeof *c);
    c->rpc = rpc;
    c->stream = stream;
    c->method = method;
    c->flow = rpc->flows[index];
    c->codec = request->is_json ? &CODEC_JSON : &CODEC_PROTO;
    c->holders = HOLD_STREAM;
    c->arena_bytes = rpc->limits.arena_base_bytes +
                     rpc->limits.arena_factor * method->max_request_bytes +
                     (c->flow == NULL ? 0 : c->flow->memory);
    c->arena = arena_new(c->arena_bytes);
    c->unix_us = loop_unix_us(rpc->loop);
    uuid_format(uuid_v7(c->unix_us), c->request_id);
    list_append(&rpc->calls, &c->link);
    rpc->active++;
    metric_add(M_CALLS_ACTIVE, NULL, NULL, 1);
    loop_timer_init(&c->deadline_timer, rpc->loop, on_deadline);
    set_deadline(c, request->timeout_ms);
    c->party = net_stream_party(stream); /* as long as nobody knows more */
    net_stream_set_user(stream, c);
    if (copy_facts(c, request)) {
        call_trace_begin(c);
        call_begin(c);
    } else {
        /* Nothing is decided on a part of what the caller says of itself. */
        call_reject(c, &(struct err){.reason = R_ARENA_EXHAUSTED, .detail = "headers"});
    }
}

/* Of a client's stream: its flow begins with the first message, or with the end where there is none. */
static void something_came(struct call *c)
{
    if (c->phase == PHASE_RECEIVING && (c->holders & HOLD_QUEUED) == 0) {
        call_start(c);
    } else {
        call_wake_for_message(c);
    }
}

/* The error is the call's only if the call ends by it: what is committed is told as it was. */
static bool decode(struct call *c, struct arena *arena, struct slice bytes,
                   ProtobufCMessage **message)
{
    struct err err = {0};
    struct pb_flaw flaw = {0};
    const char *of = c->facts.document_of;
    rc packed = of == NULL ? OK : document_pack(arena, of, bytes, &bytes, &err);
    if (packed.ok && c->codec->decode(arena, c->method, bytes, &flaw, message, &err).ok) {
        return true;
    }
    if (flaw.path[0] != '\0' && call_may_stop(c)) {
        call_note_bad_field(c, flaw.path, flaw.why);
    }
    call_reject(c, &err);
    return false;
}

/* A batch is taken apart where its form allows it, and its items are unpacked one at a time; its own message stays
 * empty. */
static bool read_request(struct call *c, struct slice bytes, ProtobufCMessage **message)
{
    bool is_batch = flow_has_items(c->flow);
    bool has_parts = call_is_taken_apart(c);
    if (!decode(c, c->arena, has_parts ? SLICE_NONE : bytes, message)) {
        return false;
    }
    struct err err = {0};
    rc taken = has_parts  ? call_take_parts(c, bytes, &err)
               : is_batch ? call_take_whole(c, *message, &err)
                          : OK;
    if (!taken.ok) {
        call_reject(c, &err);
    }
    return taken.ok;
}

/* One message waits at a time, so that a client that is faster than its flow fills its own window. */
static void take_of_stream(struct call *c, struct slice bytes)
{
    ProtobufCMessage *message = NULL;
    struct arena *arena = arena_new(c->arena_bytes);
    CH_ASSERT(c->waiting.message == NULL);
    net_stream_hold(c->stream);
    if (!decode(c, arena, bytes, &message)) {
        arena_free(arena);
        return;
    }
    c->waiting = (struct stream_message){arena, message};
    something_came(c);
}

static void on_message(void *ctx, struct net_stream *stream, struct slice bytes)
{
    (void)ctx;
    struct call *c = net_stream_user(stream);
    ProtobufCMessage *message = NULL;
    if (c != NULL && c->method->client_streams != 0) {
        take_of_stream(c, bytes);
        return;
    }
    if (c != NULL && c->request != NULL) {
        call_reject(c, &(struct err){.reason = R_MESSAGE_COUNT_WRONG, .detail = "second message"});
    } else if (c != NULL && read_request(c, bytes, &message)) {
        c->request = message;
    }
}

static void on_end(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    struct call *c = net_stream_user(stream);
    if (c == NULL) {
        return;
    }
    c->client_ended = true;
    if (c->method->client_streams != 0) {
        something_came(c);
        return;
    }
    if (c->request == NULL) {
        call_reject(c, &(struct err){.reason = R_MESSAGE_COUNT_WRONG, .detail = "no message"});
        return;
    }
    call_start(c);
}

static void on_broken(void *ctx, struct net_stream *stream, const struct err *err)
{
    (void)ctx;
    struct call *c = net_stream_user(stream);
    if (c != NULL) {
        call_reject(c, err);
    }
}

static void on_room(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    struct call *c = net_stream_user(stream);
    if (c != NULL) {
        call_wake_for_room(c);
    }
}

static void on_closed(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    struct call *c = net_stream_user(stream);
    if (c == NULL) {
        return;
    }
    c->stream = NULL;
    c->holders |= HOLD_RUN; /* call_abort may release everything else */
    c->holders &= ~(unsigned)HOLD_STREAM;
    call_abort(c, R_CANCELLED);
    call_release(c, HOLD_RUN);
}

const struct net_handler RPC_HANDLER = {
    .open = on_open,
    .message = on_message,
    .end = on_end,
    .broken = on_broken,
    .room = on_room,
    .closed = on_closed,
    .details = on_details,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* What the handler is told of a stream: messages out of bytes, in their order. */
#include <string.h>

#include "net/conn.h"
#include "net/gzip.h"
#include "net/net_stream.h"
#include "net/server.h"

enum {
    /* All streams of a server together inflate so much in one turn, 1 to 2 ms, and go on in the next:
     * nobody else is served meanwhile. */
    INFLATE_PER_TURN = 512 * 1024,
    INFLATE_UNASKED_MAX = 64 * 1024, /* a small message needs no reservation to be inflated */
};

static const struct net_handler *handler_of(const struct net_stream *stream)
{
    return &stream->conn->server->handler;
}

static void tell_broken(struct net_stream *stream, const struct err *err)
{
    net_stream_set_inward(stream, NET_IN_DEAF);
    handler_of(stream)->broken(handler_of(stream)->ctx, stream, err);
}

static void refuse_call(struct net_stream *stream, enum reason reason)
{
    const struct reason_info *info = reason_info(reason);
    net_stream_set_inward(stream, NET_IN_REFUSED);
    net_stream_finish(stream, info->code, info->text, net_stream_details(stream, reason));
}

static void open_stream(struct net_stream *stream)
{
    const struct net_server *server = stream->conn->server;
    if (stream->framing != NULL && server->stream_count > server->config.max_calls) {
        refuse_call(stream, R_OVERLOADED);
        return;
    }
    if (stream->framing != NULL && stream->has_too_many) {
        refuse_call(stream, R_METADATA_TOO_LARGE);
        return;
    }
    if (stream->refusal != NULL) {
        net_stream_set_inward(stream, NET_IN_REFUSED);
        net_stream_reply_http(stream, stream->refusal_status, "text/plain",
                              slice_str(stream->refusal));
        return;
    }
    net_stream_set_inward(stream, NET_IN_HELD);
    handler_of(stream)->open(handler_of(stream)->ctx, stream, &stream->request);
}

/* Check what the prefix tells, before the message has come. */
static rc check_frame(const struct net_stream *stream, const struct net_frame *frame,
                      struct err *err)
{
    ENSURE(!frame->compressed || stream->encoding.request == NET_GZIP, err, R_FRAMING_BROKEN);
    ENSURE(frame->length <= stream->message_max, err, R_MESSAGE_TOO_LARGE);
    return OK;
}

static size_t inflated_bound(const struct net_stream *stream, const struct net_frame *frame)
{
    size_t bound = gunzip_bound(frame->length);
    return bound < stream->message_max ? bound : stream->message_max;
}

/* Ask for room for the message whose prefix is there. */
static bool reserve(struct net_stream *stream, const struct net_frame *frame)
{
    return body_reserve(&stream->body, frame->prefix + frame->length,
                        frame->compressed ? inflated_bound(stream, frame) : 0);
}

static void stop_inflating(struct net_stream *stream)
{
    gunzip_free(stream->gunzip);
    stream->gunzip = NULL;
    body_set_inflated(&stream->body, 0);
}

/* Count what this turn has inflated; false: it had its share. */
static bool may_inflate(struct net_server *server, size_t bytes)
{
    struct mono_time turn = loop_now(server->loop);
    if (server->inflate_turn.ns != turn.ns) {
        server->inflate_turn = turn;
        server->inflated = 0;
    }
    server->inflated += bytes;
    return server->inflated < INFLATE_PER_TURN;
}

/* Go on in the next turn, behind those who wait for that already. */
static void inflate_later(struct net_stream *stream)
{
    struct net_server *server = stream->conn->server;
    list_remove(&stream->ready_link);
    list_append(&server->inflating, &stream->ready_link);
    loop_defer_to_next_turn(server->loop, &server->inflate_on);
}

void net_streams_inflate_on(struct net_server *server)
{
    struct list *link;
    while ((link = list_pop(&server->inflating)) != NULL) {
        struct net_stream *stream = LIST_ENTRY(link, struct net_stream, ready_link);
        net_stream_schedule(stream);
    }
}

/* Inflate as far as the turn and the room allow. GUNZIP_MORE: the stream is called again later. */
static enum gunzip_result inflate_message(struct net_stream *stream, const struct net_frame *frame,
                                          struct slice packed, struct err *err)
{
    struct net_server *server = stream->conn->server;
    bool may = may_inflate(server, 0);
    if (may && stream->gunzip == NULL) {
        stream->gunzip = gunzip_new(stream->message_max);
    }
    while (may) {
        size_t before = gunzip_view(stream->gunzip).len;
        enum gunzip_result result = gunzip_step(stream->gunzip, packed, err);
        size_t size = gunzip_view(stream->gunzip).len;
        body_set_inflated(&stream->body, size);
        may = may_inflate(server, size - before);
        if (result != GUNZIP_MORE) {
            return result;
        }
        if (size > INFLATE_UNASKED_MAX && !reserve(stream, frame)) {
            stop_inflating(stream); /* begin anew when there is room */
            return GUNZIP_MORE;
        }
    }
    inflate_later(stream);
    return GUNZIP_MORE;
}

/* Hand the message over that lies complete in the body; false: not now, or never. */
static bool tell_message(struct net_stream *stream, const struct net_frame *frame)
{
    const struct net_handler *handler = handler_of(stream);
    size_t whole = frame->prefix + frame->length;
    struct slice message = slice_cut(bytes_view(&stream->body.in), frame->prefix, whole);
    struct err err = {0};
    if (frame->compressed) {
        enum gunzip_result result = inflate_message(stream, frame, message, &err);
        if (result == GUNZIP_FAILED) {
            tell_broken(stream, &err);
        }
        if (result != GUNZIP_DONE) {
            return false;
        }
        message = gunzip_view(stream->gunzip);
    }
    stream->has_told_whole = stream->framing->is_whole;
    if (stream->framing->wrap == NULL) {
        handler->message(handler->ctx, stream, message);
    } else {
        struct bytes wrapped = {0};
        stream->framing->wrap(&stream->request, message, &wrapped);
        handler->message(handler->ctx, stream, bytes_view(&wrapped));
        bytes_free(&wrapped);
    }
    stop_inflating(stream);
    body_take(&stream->body, whole);
    return true;
}

static void tell_end(struct net_stream *stream)
{
    const struct net_handler *handler = handler_of(stream);
    if (bytes_view(&stream->body.in).len > 0) {
        struct err err = {.reason = R_FRAMING_BROKEN, .detail = "message cut short"};
        tell_broken(stream, &err);
        return;
    }
    net_stream_set_inward(stream, NET_IN_ENDED);
    handler->end(handler->ctx, stream);
}

/* Nothing is complete; `whole` is the length of what is coming, 0: not known. */
static void wait_for_more(struct net_stream *stream, const struct net_frame *frame, size_t whole)
{
    stream->body.expected = whole;
    if (stream->all_came) {
        tell_end(stream);
    } else if (whole > BODY_LOOSE_MAX) {
        (void)reserve(stream, frame);
    }
}

/* A body that is one message is complete when all of it came. Until then it is as long as the headers say; and
 * if they don't, as long as it may be, as soon as it is more than what small ones are. */
static enum net_look look_at_whole(const struct net_stream *stream, size_t came,
                                   struct net_frame *out)
{
    bool is_known = stream->encoding.length != NET_LENGTH_UNKNOWN;
    if (stream->has_told_whole) {
        return NET_LOOK_LATER;
    }
    bool is_complete = stream->all_came || is_known || came > stream->message_max;
    out->length = stream->all_came || !is_known ? came : stream->encoding.length;
    out->compressed = out->length > 0 && stream->encoding.request != NET_IDENTITY;
    if (!is_complete && came > BODY_LOOSE_MAX / 2) {
        out->length = stream->message_max;
    }
    return is_complete ? NET_LOOK_FRAME : NET_LOOK_LATER;
}

/* Tell the next message or the end; false when there is no more to tell now. */
static bool tell_next(struct net_stream *stream)
{
    struct err err = {0};
    struct net_frame frame = {0};
    struct slice in = bytes_view(&stream->body.in);
    enum net_look seen = stream->framing->is_whole ? look_at_whole(stream, in.len, &frame)
                                                   : stream->framing->look(in, &frame, &err);
    if (seen == NET_LOOK_FRAME && !check_frame(stream, &frame, &err).ok) {
        seen = NET_LOOK_BROKEN;
    }
    if (seen == NET_LOOK_BROKEN) {
        tell_broken(stream, &err);
        return false;
    }
    size_t whole = frame.prefix + frame.length;
    if (seen == NET_LOOK_LATER || in.len < whole) {
        wait_for_more(stream, &frame, whole);
        return false;
    }
    return tell_message(stream, &frame);
}

/* A plain HTTP request's body has no meaning to anybody. */
static void skip_body(struct net_stream *stream)
{
    body_drop(&stream->body);
    if (stream->all_came) {
        tell_end(stream);
    }
}

static void tell_body(struct net_stream *stream)
{
    if (stream->framing == NULL) {
        skip_body(stream);
        return;
    }
    while (stream->inward == NET_IN_READING && tell_next(stream)) {
    }
}

/* Free a stream that is gone. */
static void end_stream(struct net_stream *stream)
{
    const struct net_handler *handler = handler_of(stream);
    if (net_stream_is_told(stream)) {
        handler->closed(handler->ctx, stream);
    }
    stream->conn->protocol->free_stream(stream);
}

static void tell_room(struct net_stream *stream)
{
    const struct net_handler *handler = handler_of(stream);
    stream->awaits_room = false;
    handler->room(handler->ctx, stream);
}

static void deliver(struct net_stream *stream)
{
    stream->is_telling = true;
    if (stream->inward == NET_IN_OPENING) {
        open_stream(stream);
    }
    if (net_stream_is_listening(stream) && stream->fault.reason != R_NONE) {
        tell_broken(stream, &stream->fault);
    } else if (stream->inward == NET_IN_READING) {
        tell_body(stream);
    }
    if (net_stream_has_room_again(stream)) {
        tell_room(stream);
    }
    stream->is_telling = false;
    if (stream->inward == NET_IN_DEAF || stream->inward == NET_IN_REFUSED) {
        net_stream_drop_body(stream);
    }
    net_stream_update_windows(stream);
}

void net_streams_deliver(struct net_conn *conn)
{
    struct list *link;
    while ((link = list_pop(&conn->ready)) != NULL) {
        struct net_stream *stream = LIST_ENTRY(link, struct net_stream, ready_link);
        if (stream->outward == NET_OUT_GONE) {
            end_stream(stream);
        } else {
            deliver(stream);
        }
    }
}

void net_streams_close(struct net_conn *conn)
{
    LIST_EACH_SAFE (link, after, &conn->streams) {
        struct net_stream *stream = LIST_ENTRY(link, struct net_stream, link);
        if (stream->outward != NET_OUT_GONE) {
            net_stream_set_outward(stream, NET_OUT_GONE);
        }
        end_stream(stream);
    }
}

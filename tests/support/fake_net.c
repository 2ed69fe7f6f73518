/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_net.h"

#include <string.h>

#include "base/mem.h"
#include "chancery_test.h"

/* --- the client's side ------------------------------------------------------------------------- */

struct net_request fake_net_request(const char *path)
{
    return (struct net_request){
        .method = "POST", .path = path, .framing = "grpc", .peer = "192.0.2.1:4711"};
}

void fake_net_header(struct net_request *request, const char *name, const char *value)
{
    assert_true(request->header_count < NET_HEADERS_MAX);
    request->headers[request->header_count++] = (struct net_header){name, value};
}

static void tell(struct net_stream *s, const struct fake_part *part)
{
    const struct err err = {.reason = part->reason, .detail = "fake"};
    switch (part->kind) {
    case PART_MESSAGE: {
        /* A copy of its own size, so that reading past it is seen, and gone afterwards. */
        uint8_t *bytes = xcalloc(part->len, 1);
        memcpy(bytes, part->bytes, part->len);
        s->handler->message(s->handler->ctx, s, slice_of(bytes, part->len));
        xfree(bytes);
        break;
    }
    case PART_END:
        s->handler->end(s->handler->ctx, s);
        break;
    case PART_BROKEN:
        s->handler->broken(s->handler->ctx, s, &err);
        break;
    }
}

static void deliver(struct loop_task *task)
{
    struct net_stream *s = LIST_ENTRY(task, struct net_stream, deliver);
    while (s->told < s->part_count && !s->is_closed && s->finishes == 0) {
        if ((s->reads == 0 || s->is_held) && s->parts[s->told].kind != PART_BROKEN) {
            return;
        }
        tell(s, &s->parts[s->told++]);
    }
}

static void add(struct net_stream *s, struct fake_part part)
{
    assert_true(s->part_count < FAKE_PARTS_MAX);
    s->parts[s->part_count++] = part;
    if (!s->is_closed) {
        loop_defer(s->loop, &s->deliver);
    }
}

struct net_stream *fake_net_open(struct loop *loop, const struct net_handler *handler,
                                 const struct net_request *request)
{
    struct net_stream *s = xcalloc(1, sizeof *s);
    s->loop = loop;
    s->handler = handler;
    s->request = *request;
    loop_task_init(&s->deliver, deliver);
    handler->open(handler->ctx, s, &s->request);
    s->request = (struct net_request){0}; /* whoever needs it later must have copied it */
    return s;
}

void fake_net_message(struct net_stream *stream, struct slice bytes)
{
    struct fake_part part = {.kind = PART_MESSAGE, .len = bytes.len};
    assert_true(bytes.len <= sizeof part.bytes);
    memcpy(part.bytes, bytes.ptr == NULL ? (const uint8_t *)"" : bytes.ptr, bytes.len);
    add(stream, part);
}

void fake_net_end(struct net_stream *stream)
{
    add(stream, (struct fake_part){.kind = PART_END});
}

void fake_net_broken(struct net_stream *stream, enum reason reason)
{
    stream->part_count = stream->told; /* nothing of what came before is told any more */
    add(stream, (struct fake_part){.kind = PART_BROKEN, .reason = reason});
}

void fake_net_room(struct net_stream *stream)
{
    stream->backlog = 0;
    if (stream->awaits_room) {
        stream->awaits_room = false;
        stream->handler->room(stream->handler->ctx, stream);
    }
}

void fake_net_close(struct net_stream *stream)
{
    assert_false(stream->is_closed);
    loop_task_cancel(&stream->deliver);
    stream->handler->closed(stream->handler->ctx, stream);
    stream->is_closed = true;
}

void fake_net_free(struct net_stream *stream)
{
    xfree(stream);
}

/* --- net.h ------------------------------------------------------------------------------------- */

const char *net_request_header(const struct net_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, name) == 0) {
            return request->headers[i].value;
        }
    }
    return NULL;
}

void net_stream_read(struct net_stream *stream, size_t message_max)
{
    assert_false(stream->is_closed);
    assert_int_equal(stream->finishes, 0);
    stream->reads++;
    stream->is_held = false;
    stream->message_max = message_max;
    if (stream->told < stream->part_count) {
        loop_defer(stream->loop, &stream->deliver);
    }
}

void net_stream_hold(struct net_stream *stream)
{
    assert_false(stream->is_closed);
    stream->is_held = true;
}

struct uuid net_stream_party(const struct net_stream *stream)
{
    return stream->party;
}

void net_stream_set_known(struct net_stream *stream, struct uuid party)
{
    assert_false(stream->is_closed);
    stream->party = party;
    stream->is_known = true;
}

bool net_stream_is_known(const struct net_stream *stream)
{
    assert_false(stream->is_closed);
    return stream->is_known;
}

void net_stream_set_user(struct net_stream *stream, void *user)
{
    stream->user = user;
}

void *net_stream_user(const struct net_stream *stream)
{
    return stream->user;
}

void net_stream_send(struct net_stream *stream, struct slice message)
{
    assert_false(stream->is_closed);
    assert_int_equal(stream->finishes, 0);
    assert_true(stream->sent_count < FAKE_SENT_MAX);
    struct fake_sent *sent = &stream->sent[stream->sent_count++];
    assert_true(message.len <= sizeof sent->bytes);
    memcpy(sent->bytes, message.ptr == NULL ? (const uint8_t *)"" : message.ptr, message.len);
    sent->len = message.len;
}

size_t net_stream_queued(const struct net_stream *stream)
{
    size_t queued = stream->backlog;
    for (size_t i = 0; i < stream->sent_count; i++) {
        queued += stream->sent[i].len;
    }
    return queued;
}

void net_stream_await_room(struct net_stream *stream)
{
    assert_false(stream->is_closed);
    stream->awaits_room = true;
}

static void finish(struct net_stream *stream)
{
    assert_false(stream->is_closed);
    assert_int_equal(stream->finishes, 0);
    stream->finishes++;
}

void net_stream_finish(struct net_stream *stream, enum grpc_code code, const char *text,
                       struct slice details)
{
    finish(stream);
    stream->code = code;
    snprintf(stream->text, sizeof stream->text, "%s", text == NULL ? "" : text);
    assert_true(details.len <= sizeof stream->details);
    memcpy(stream->details, details.ptr == NULL ? (const uint8_t *)"" : details.ptr, details.len);
    stream->details_len = details.len;
}

void net_stream_finish_unknown(struct net_stream *stream, const char *text, struct slice details)
{
    net_stream_finish(stream, GRPC_UNIMPLEMENTED, text, details);
    stream->http_status = 404;
}

bool net_stream_add_header(struct net_stream *stream, const char *name, const char *value)
{
    assert_false(stream->is_closed);
    assert_int_equal(stream->finishes, 0);
    assert_int_equal(stream->sent_count, 0);
    snprintf(stream->header, sizeof stream->header, "%s: %s", name, value);
    return true;
}

bool net_stream_add_trailer(struct net_stream *stream, const char *name, const char *value)
{
    assert_false(stream->is_closed);
    assert_int_equal(stream->finishes, 0);
    snprintf(stream->trailer, sizeof stream->trailer, "%s: %s", name, value);
    return true;
}

void net_stream_reply_page(struct net_stream *stream, const struct net_page *page)
{
    finish(stream);
    stream->http_status = page->status;
}

void net_stream_reply_http(struct net_stream *stream, int status, const char *content_type,
                           struct slice body)
{
    (void)content_type;
    (void)body;
    finish(stream);
    stream->http_status = status;
}

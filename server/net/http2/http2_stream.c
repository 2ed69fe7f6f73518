/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out on a stream: answers, and room for more of the request. */
#include <string.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/header_value.h"
#include "net/http2/http2_session.h"

enum { SKIPPED_MAX = 1024 * 1024 };

static const struct http2_session *session_of(const struct net_stream *stream)
{
    return stream->conn->session;
}

static nghttp2_nv name_value(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                        .value = (uint8_t *)(uintptr_t)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value),
                        .flags = NGHTTP2_NV_FLAG_NONE};
}

static size_t add_headers(const struct net_head *head, nghttp2_nv *out)
{
    for (size_t i = 0; i < head->count; i++) {
        out[i] = name_value(head->headers[i].name, head->headers[i].value);
    }
    return head->count;
}

static ssize_t read_body(nghttp2_session *nghttp2, int32_t id, uint8_t *out, size_t cap,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)user;
    struct net_stream *stream = source->ptr;
    bool is_finished = stream->outward == NET_OUT_FINISHED;
    struct slice queued = bytes_view(&stream->out);
    size_t n = queued.len < cap ? queued.len : cap;
    if (n == 0 && !is_finished) {
        return NGHTTP2_ERR_DEFERRED;
    }
    if (n > 0) {
        memcpy(out, queued.ptr, n);
        net_stream_took_answer(stream, n);
    }
    if (n < queued.len || !is_finished) {
        return (ssize_t)n;
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream->trailers.count > 0) {
        nghttp2_nv trailers[NET_HEAD_MAX];
        size_t count = add_headers(&stream->trailers, trailers);
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(nghttp2, id, trailers, count) != 0) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
    }
    return (ssize_t)n;
}

static void submit(struct net_stream *stream, const struct net_head *head, bool has_body)
{
    const nghttp2_data_provider body = {.source.ptr = stream, .read_callback = read_body};
    const char status[] = {(char)('0' + head->status / 100), (char)('0' + head->status / 10 % 10),
                           (char)('0' + head->status % 10), '\0'};
    nghttp2_nv headers[1 + NET_HEAD_MAX];
    headers[0] = name_value(":status", status);
    size_t count = 1 + add_headers(head, headers + 1);
    (void)nghttp2_submit_response(session_of(stream)->nghttp2, http2_stream_of(stream)->id, headers,
                                  count, has_body ? &body : NULL);
    conn_schedule_flush(stream->conn);
}

static bool can_send_more(const struct http2_stream *s)
{
    const struct http2_session *session = s->stream.conn->session;
    return !s->stream.all_came &&
           nghttp2_session_get_stream_local_window_size(session->nghttp2, s->id) > 0;
}

/* A refusal may be decided while a small request is still on its way. Clients that stand on libcurl
 * 7.88 lose an answer that ends before they have sent all: a reset behind it is a stream error to them,
 * and without one they wait for ever. So the answer waits for the request's end, unless the client
 * could not go on, or takes long (server.c). What comes meanwhile is thrown away. */
void http2_let_rest_come(struct net_stream *stream)
{
    size_t length = header_value_length(&stream->request);
    if (length <= SKIPPED_MAX && !stream->all_came) {
        http2_allow(stream, length);
    }
}

void http2_respond(struct net_stream *stream, const struct net_head *head, bool has_body)
{
    struct http2_stream *s = http2_stream_of(stream);
    if (stream->outward == NET_OUT_FINISHED) {
        http2_let_rest_come(stream);
    }
    if (stream->outward == NET_OUT_FINISHED && can_send_more(s)) {
        s->is_held = true;
        s->held = *head;
        s->held_has_body = has_body;
        return;
    }
    submit(stream, head, has_body);
}

void http2_answer_now(struct net_stream *stream)
{
    struct http2_stream *s = http2_stream_of(stream);
    if (s->is_held) {
        s->is_held = false;
        submit(stream, &s->held, s->held_has_body);
    }
}

void http2_took_more(struct http2_stream *s)
{
    if (s->is_held && !can_send_more(s)) {
        /* What was allowed before our settings had come shrank with them. Beyond its length it can't go. */
        http2_let_rest_come(&s->stream);
    }
    if (!can_send_more(s)) {
        http2_answer_now(&s->stream);
    }
}

void http2_resume(struct net_stream *stream)
{
    (void)nghttp2_session_resume_data(session_of(stream)->nghttp2, http2_stream_of(stream)->id);
    conn_schedule_flush(stream->conn);
}

/* The window counts padding, too, so it is looked at and not computed. It is topped up when half of
 * what the client may send has no window, so not at every message of a stream of small ones. */
void http2_allow(struct net_stream *stream, size_t bytes)
{
    nghttp2_session *nghttp2 = session_of(stream)->nghttp2;
    int32_t id = http2_stream_of(stream)->id;
    int64_t size = nghttp2_session_get_stream_effective_local_window_size(nghttp2, id);
    int64_t used = nghttp2_session_get_stream_effective_recv_data_length(nghttp2, id);
    int64_t wanted = bytes < INT32_MAX / 2 ? (int64_t)bytes : INT32_MAX / 2;
    int64_t left = size > used ? size - used : 0;
    if (wanted > 0 && left * 2 <= wanted && used + wanted > size) {
        (void)nghttp2_session_set_local_window_size(nghttp2, NGHTTP2_FLAG_NONE, id,
                                                    (int32_t)(used + wanted));
        conn_schedule_flush(stream->conn);
    }
}

void http2_free_stream(struct net_stream *stream)
{
    struct http2_stream *s = http2_stream_of(stream);
    net_stream_fini(stream);
    xfree(s);
}

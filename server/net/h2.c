/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/2 sessions: nghttp2's callbacks only note what came; h2_deliver tells it to the handler after
 * nghttp2 has returned, because nghttp2 must not be entered again from its callbacks. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/net_internal.h"

enum {
    STREAM_ARENA_BYTES = NET_HEADER_BYTES_MAX + 16 * 1024, /* headers, status text, details */
    STREAM_WINDOW = 256 * 1024,
    CONNECTION_WINDOW = 1024 * 1024,
    RESET_BURST = 1000, /* RST floods (CVE-2023-44487): this many at once … */
    RESET_RATE = 33,    /* … and this many a second */
};

/* --- streams -------------------------------------------------------------------------------- */

static struct net_stream *stream_new(struct net_conn *conn, int32_t id)
{
    struct net_stream *s = xcalloc(1, sizeof *s);
    s->conn = conn;
    s->id = id;
    s->arena = arena_new(STREAM_ARENA_BYTES);
    s->request.peer = conn->peer;
    s->request.has_certificate = conn->has_certificate;
    memcpy(s->request.fingerprint, conn->fingerprint, sizeof conn->fingerprint);
    list_init(&s->ready_link);
    list_append(&conn->streams, &s->link);
    return s;
}

static void stream_free(struct net_stream *s)
{
    list_remove(&s->link);
    list_remove(&s->ready_link);
    bytes_free(&s->in);
    bytes_free(&s->outq);
    arena_free(s->arena);
    xfree(s);
}

void stream_mark_ready(struct net_stream *stream)
{
    if (list_is_empty(&stream->ready_link)) {
        list_append(&stream->conn->ready, &stream->ready_link);
    }
}

void net_stream_read(struct net_stream *stream, size_t message_max)
{
    stream->may_read = true;
    stream->message_max = message_max;
    if (!stream->closed) {
        stream_mark_ready(stream);
        loop_defer(stream->conn->server->loop, &stream->conn->deliver);
    }
}

void net_stream_set_user(struct net_stream *stream, void *user)
{
    stream->user = user;
}

void *net_stream_user(const struct net_stream *stream)
{
    return stream->user;
}

const char *net_request_header(const struct net_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcmp(request->headers[i].name, name) == 0) {
            return request->headers[i].value;
        }
    }
    return NULL;
}

/* --- nghttp2's callbacks: note, never act --------------------------------------------------- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct net_conn *conn = user;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        struct net_stream *s = stream_new(conn, frame->hd.stream_id);
        nghttp2_session_set_stream_user_data(session, s->id, s);
    }
    return 0;
}

static void keep_header(struct net_stream *s, const char *name, const char *value)
{
    struct net_request *r = &s->request;
    if (strcmp(name, ":method") == 0) {
        r->method = value;
    } else if (strcmp(name, ":path") == 0) {
        r->path = value;
    } else if (name[0] != ':') {
        r->headers[r->header_count++] = (struct net_header){name, value};
    }
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    (void)flags;
    (void)user;
    struct net_stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (s == NULL || s->headers_done) {
        return 0; /* trailers of a request: gRPC has none */
    }
    /* RFC 9113 §6.5.2: a header counts its name, its value and 32. */
    s->header_bytes += name_len + value_len + 32;
    char *kept_name = NULL, *kept_value = NULL;
    if (s->header_bytes <= NET_HEADER_BYTES_MAX && s->request.header_count < NET_HEADERS_MAX) {
        kept_name = arena_dup(s->arena, slice_of(name, name_len));
        kept_value = arena_dup(s->arena, slice_of(value, value_len));
    }
    if (kept_name == NULL || kept_value == NULL) {
        s->headers_too_large = true;
        return 0;
    }
    keep_header(s, kept_name, kept_value);
    return 0;
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    (void)user;
    struct net_stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (s == NULL) {
        return 0; /* may come after on_stream_close */
    }
    if (frame->hd.type == NGHTTP2_HEADERS && !s->headers_done) {
        s->headers_done = true;
        grpc_read_headers(s);
        stream_mark_ready(s);
    }
    bool may_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (may_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        s->remote_end = true;
        stream_mark_ready(s);
    }
    return 0;
}

static int on_data_chunk(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                         size_t len, void *user)
{
    (void)flags;
    (void)user;
    struct net_stream *s = nghttp2_session_get_stream_user_data(session, id);
    if (s != NULL && !s->broken && !s->finished) {
        grpc_add_data(s, slice_of(data, len));
        stream_mark_ready(s);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    (void)code;
    (void)user;
    struct net_stream *s = nghttp2_session_get_stream_user_data(session, id);
    if (s != NULL) {
        nghttp2_session_set_stream_user_data(session, id, NULL);
        s->closed = true;
        stream_mark_ready(s);
    }
    return 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    (void)user;
    struct net_stream *s = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (s != NULL) {
        stream_after_frame_sent(s, frame);
    }
    return 0;
}

nghttp2_session_callbacks *h2_callbacks_new(void)
{
    nghttp2_session_callbacks *cb;
    if (nghttp2_session_callbacks_new(&cb) != 0) {
        abort();
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame_recv);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_send);
    return cb;
}

nghttp2_option *h2_option_new(void)
{
    nghttp2_option *option;
    if (nghttp2_option_new(&option) != 0) {
        abort();
    }
    nghttp2_option_set_stream_reset_rate_limit(option, RESET_BURST, RESET_RATE);
    nghttp2_option_set_max_outbound_ack(option, 1000);
    nghttp2_option_set_max_settings(option, 32);
    nghttp2_option_set_no_closed_streams(option, 1);
    return option;
}

bool h2_start(struct net_conn *conn)
{
    const struct net_config *config = &conn->server->config;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, config->max_streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, NET_HEADER_BYTES_MAX},
    };
    if (nghttp2_session_server_new2(&conn->session, conn->server->callbacks, conn,
                                    conn->server->options) != 0) {
        return false;
    }
    return nghttp2_submit_settings(conn->session, NGHTTP2_FLAG_NONE, settings,
                                   sizeof settings / sizeof settings[0]) == 0 &&
           nghttp2_session_set_local_window_size(conn->session, NGHTTP2_FLAG_NONE, 0,
                                                 CONNECTION_WINDOW) == 0;
}

/* --- telling the handler -------------------------------------------------------------------- */

/* Answer what is no request of ours to pass on; false if it was answered here. */
static bool accept_request(struct net_stream *s)
{
    if (s->headers_too_large) {
        net_stream_reply_http(s, 431, "text/plain", slice_str("request headers too large\n"));
        return false;
    }
    if (!s->request.is_grpc && s->request.method != NULL && strcmp(s->request.method, "GET") != 0) {
        net_stream_reply_http(s, 415, "text/plain", slice_str("expected application/grpc\n"));
        return false;
    }
    return s->request.path != NULL && s->request.method != NULL;
}

static void tell_broken(struct net_stream *s, const struct err *err)
{
    s->broken = true;
    bytes_free(&s->in);
    s->conn->server->handler.broken(s->conn->server->handler.ctx, s, err);
}

static void tell_open(struct net_stream *s)
{
    const struct net_handler *h = &s->conn->server->handler;
    s->opened = true;
    if (!accept_request(s)) {
        s->broken = true;
        return;
    }
    s->is_told = true;
    h->open(h->ctx, s, &s->request);
    if (s->timeout_invalid && !s->finished) {
        struct err err = {.reason = R_PROTO_MALFORMED, .detail = "grpc-timeout"};
        tell_broken(s, &err);
    }
}

static void tell_messages(struct net_stream *s)
{
    const struct net_handler *h = &s->conn->server->handler;
    struct err err = {0};
    struct slice message;
    while (!s->broken && !s->finished && s->request.is_grpc) {
        struct bytes inflated = {0};
        bool got = grpc_next_message(s, &inflated, &message, &err);
        if (got) {
            h->message(h->ctx, s, message);
        }
        bytes_free(&inflated);
        if (err.reason != R_NONE) {
            tell_broken(s, &err);
        }
        if (!got) {
            return;
        }
    }
}

static void tell_end(struct net_stream *s)
{
    const struct net_handler *h = &s->conn->server->handler;
    if (s->broken || s->end_told || s->finished) {
        return;
    }
    s->end_told = true;
    if (bytes_view(&s->in).len > 0) {
        struct err err = {.reason = R_PROTO_MALFORMED, .detail = "message cut short"};
        tell_broken(s, &err);
        return;
    }
    h->end(h->ctx, s);
}

static void tell_closed(struct net_stream *s)
{
    const struct net_handler *h = &s->conn->server->handler;
    if (s->is_told) {
        h->closed(h->ctx, s);
    }
    stream_free(s);
}

static void deliver(struct net_stream *s)
{
    if (s->headers_done && !s->opened && !s->closed) {
        tell_open(s);
    }
    if (s->opened && s->may_read && !s->closed) {
        tell_messages(s);
        if (s->remote_end) {
            tell_end(s);
        }
    }
    if (s->closed) {
        tell_closed(s);
    }
}

void h2_deliver(struct net_conn *conn)
{
    struct list *link;
    while ((link = list_pop(&conn->ready)) != NULL) {
        deliver(LIST_ENTRY(link, struct net_stream, ready_link));
    }
}

void h2_detach_streams(struct net_conn *conn)
{
    LIST_EACH_SAFE (link, after, &conn->streams) {
        struct net_stream *s = LIST_ENTRY(link, struct net_stream, link);
        if (conn->session != NULL) {
            nghttp2_session_set_stream_user_data(conn->session, s->id, NULL);
        }
        s->closed = true;
        tell_closed(s);
    }
}

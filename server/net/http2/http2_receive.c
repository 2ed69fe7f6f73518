/* SPDX-License-Identifier: Apache-2.0 */
/* nghttp2's callbacks: note, never act. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/http2/http2_session.h"

enum {
    NEEDED_VALUE_MAX = 256,
    /* More than this no client means: an indexed header is one byte to send and as long as you like to
     * look at (CVE-2016-6581). */
    HEADER_BYTES_HEARD = 4 * NET_HEADER_BYTES_MAX,
};

static struct http2_stream *find_stream(nghttp2_session *nghttp2, int32_t id)
{
    return nghttp2_session_get_stream_user_data(nghttp2, id);
}

static int on_begin_headers(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user)
{
    const struct http2_session *session = user;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        struct http2_stream *s = xcalloc(1, sizeof *s);
        s->id = frame->hd.stream_id;
        net_stream_init(&s->stream, session->conn);
        nghttp2_session_set_stream_user_data(nghttp2, s->id, s);
    }
    return 0;
}

static void keep_path(struct net_request *r, char *value)
{
    char *mark = strchr(value, '?');
    r->path = value;
    if (mark != NULL) {
        *mark = '\0';
        r->query = mark + 1;
    }
}

static void keep_header(struct net_request *r, const char *name, char *value)
{
    if (strcmp(name, ":method") == 0) {
        r->method = value;
    } else if (strcmp(name, ":path") == 0) {
        keep_path(r, value);
    } else if (name[0] != ':') {
        r->headers[r->header_count++] = (struct net_header){name, value};
    }
}

/* By these it is known what the answer has to look like, also behind headers that found no room. */
static bool is_needed(const uint8_t *name, size_t name_len, size_t value_len)
{
    return value_len <= NEEDED_VALUE_MAX &&
           (name[0] == ':' || slice_eq_str(slice_of(name, name_len), "content-type"));
}

static int on_header(nghttp2_session *nghttp2, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *user)
{
    (void)flags;
    (void)user;
    struct http2_stream *s = find_stream(nghttp2, frame->hd.stream_id);
    if (s == NULL) {
        return 0;
    }
    s->header_bytes += net_header_size(name_len, value_len);
    if (s->header_bytes > HEADER_BYTES_HEARD) {
        /* nghttp2 only decodes the rest of the block, and the stream ends. */
        (void)nghttp2_submit_rst_stream(nghttp2, NGHTTP2_FLAG_NONE, s->id,
                                        NGHTTP2_ENHANCE_YOUR_CALM);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (s->stream.inward != NET_IN_HEADERS) {
        return 0; /* trailers of a request: gRPC has none */
    }
    struct net_request *request = &s->stream.request;
    char *kept_name = NULL, *kept_value = NULL;
    bool has_room = s->header_bytes <= NET_HEADER_BYTES_MAX || is_needed(name, name_len, value_len);
    if (has_room && request->header_count < NET_HEADERS_MAX) {
        kept_name = arena_dup(s->stream.arena, slice_of(name, name_len));
        kept_value = arena_dup(s->stream.arena, slice_of(value, value_len));
    }
    if (kept_name == NULL || kept_value == NULL) {
        net_stream_took_too_many_headers(&s->stream);
    } else {
        keep_header(request, kept_name, kept_value);
    }
    return 0;
}

/* The client knows our windows from now on, and theirs have shrunk: open them again where a message is
 * on its way. */
static void settings_acknowledged(const struct http2_session *session)
{
    LIST_EACH (link, &session->conn->streams) {
        struct net_stream *stream = LIST_ENTRY(link, struct net_stream, link);
        net_stream_mark_ready(stream);
        if (http2_stream_of(stream)->is_held) {
            http2_let_rest_come(stream);
        }
    }
}

static int on_frame_recv(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user)
{
    if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
        settings_acknowledged(user);
        return 0;
    }
    struct http2_stream *s = find_stream(nghttp2, frame->hd.stream_id);
    if (s == NULL) {
        return 0; /* may come after on_stream_close */
    }
    if (frame->hd.type == NGHTTP2_HEADERS && s->stream.inward == NET_IN_HEADERS) {
        net_stream_took_headers(&s->stream);
    }
    bool may_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (may_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        net_stream_took_end(&s->stream);
        http2_took_more(s);
    }
    return 0;
}

static int on_data_chunk(nghttp2_session *nghttp2, uint8_t flags, int32_t id, const uint8_t *data,
                         size_t len, void *user)
{
    (void)flags;
    (void)user;
    struct http2_stream *s = find_stream(nghttp2, id);
    if (s != NULL) {
        net_stream_took_body(&s->stream, slice_of(data, len));
        http2_took_more(s);
    } else {
        (void)nghttp2_session_consume_connection(nghttp2, len);
    }
    return 0;
}

static int on_stream_close(nghttp2_session *nghttp2, int32_t id, uint32_t code, void *user)
{
    (void)code;
    (void)user;
    struct http2_stream *s = find_stream(nghttp2, id);
    if (s != NULL) {
        nghttp2_session_set_stream_user_data(nghttp2, id, NULL);
        net_stream_took_close(&s->stream);
    }
    return 0;
}

/* Once the end of the answer is out, stop a client that still uploads. A reset before that would
 * cancel the answer itself (RFC 9113 §8.1). */
static int on_frame_send(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user)
{
    (void)user;
    bool may_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!may_end || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) {
        return 0;
    }
    const struct http2_stream *s = find_stream(nghttp2, frame->hd.stream_id);
    if (s != NULL && !s->stream.all_came) {
        (void)nghttp2_submit_rst_stream(nghttp2, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR);
    }
    return 0;
}

nghttp2_session_callbacks *http2_callbacks_new(void)
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

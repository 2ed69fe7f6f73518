/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: gRPC messages with trailers, trailers-only, plain HTTP. */
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "net/net_internal.h"

#define HEADER(n, v)                                                                          \
    ((nghttp2_nv){(uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), \
                  NGHTTP2_NV_FLAG_NONE})

/* grpc-status and what goes with it; returns how many. */
static size_t status_headers(const struct net_stream *s, nghttp2_nv out[3])
{
    static const char *const codes[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                        "9", "10", "11", "12", "13", "14", "15", "16"};
    size_t n = 0;
    out[n++] = HEADER("grpc-status", codes[s->code]);
    if (s->status_text != NULL) {
        out[n++] = HEADER("grpc-message", s->status_text);
    }
    if (s->status_details != NULL) {
        out[n++] = HEADER("grpc-status-details-bin", s->status_details);
    }
    return n;
}

static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *out, size_t cap,
                         uint32_t *flags, nghttp2_data_source *source, void *user)
{
    (void)user;
    struct net_stream *s = source->ptr;
    struct slice queued = bytes_view(&s->outq);
    size_t n = queued.len < cap ? queued.len : cap;
    if (n > 0) {
        memcpy(out, queued.ptr, n);
        bytes_consume(&s->outq, n);
    }
    if (n < queued.len || (n > 0 && !s->finished)) {
        return (ssize_t)n;
    }
    if (!s->finished) {
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!s->is_http) {
        nghttp2_nv trailers[3];
        size_t count = status_headers(s, trailers);
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(session, id, trailers, count) != 0) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
    }
    return (ssize_t)n;
}

static void submit(struct net_stream *s, const nghttp2_nv *headers, size_t count, bool body)
{
    const nghttp2_data_provider provider = {.source.ptr = s, .read_callback = read_body};
    s->answered = true;
    if (!s->closed) {
        (void)nghttp2_submit_response(s->conn->session, s->id, headers, count,
                                      body ? &provider : NULL);
        conn_schedule_flush(s->conn);
    }
}

static bool worth_compressing(const struct net_stream *s, struct slice message)
{
    return s->accepts_gzip && message.len >= s->conn->server->config.gzip_min_bytes;
}

void net_stream_send(struct net_stream *stream, struct slice message)
{
    CH_ASSERT(!stream->finished);
    grpc_add_message(&stream->outq, message, worth_compressing(stream, message));
    if (stream->answered) {
        if (!stream->closed) {
            (void)nghttp2_session_resume_data(stream->conn->session, stream->id);
            conn_schedule_flush(stream->conn);
        }
        return;
    }
    const nghttp2_nv headers[] = {
        HEADER(":status", "200"), HEADER("content-type", "application/grpc"),
        HEADER("grpc-encoding", "gzip"), HEADER("grpc-accept-encoding", "identity,gzip")};
    const nghttp2_nv plain[] = {headers[0], headers[1], headers[3]};
    if (stream->accepts_gzip) {
        submit(stream, headers, 4, true);
    } else {
        submit(stream, plain, 3, true);
    }
}

size_t net_stream_queued(const struct net_stream *stream)
{
    return bytes_view(&stream->outq).len;
}

void net_stream_finish(struct net_stream *stream, enum grpc_code code, const char *text,
                       struct slice details)
{
    CH_ASSERT(!stream->finished);
    stream->finished = true;
    stream->code = code;
    bytes_free(&stream->in);
    if (text != NULL && text[0] != '\0') {
        stream->status_text = grpc_percent_encode(stream->arena, text);
    }
    if (details.len > 0) {
        char *encoded = base64_dup(stream->arena, details);
        /* PROTOCOL-HTTP2: emit binary headers without padding. */
        size_t len = encoded == NULL ? 0 : strcspn(encoded, "=");
        stream->status_details = encoded;
        if (encoded != NULL) {
            encoded[len] = '\0';
        }
    }
    stream->rst_after = !stream->remote_end;
    if (stream->answered) {
        if (!stream->closed) {
            (void)nghttp2_session_resume_data(stream->conn->session, stream->id);
            conn_schedule_flush(stream->conn);
        }
        return;
    }
    nghttp2_nv headers[5] = {HEADER(":status", "200"), HEADER("content-type", "application/grpc")};
    submit(stream, headers, 2 + status_headers(stream, headers + 2), false);
}

void net_stream_reply_http(struct net_stream *stream, int status, const char *content_type,
                           struct slice body)
{
    CH_ASSERT(!stream->finished);
    char code[16], length[24];
    snprintf(code, sizeof code, "%d", status);
    snprintf(length, sizeof length, "%zu", body.len);
    stream->finished = true;
    stream->is_http = true;
    stream->rst_after = !stream->remote_end;
    bytes_add(&stream->outq, body);
    const nghttp2_nv headers[] = {HEADER(":status", code), HEADER("content-type", content_type),
                                  HEADER("content-length", length),
                                  HEADER("cache-control", "no-store")};
    submit(stream, headers, 4, true);
}

/* Once the end of the answer is out, stop a client that still uploads. A reset before that would
 * cancel the answer itself (RFC 9113 §8.1). */
void stream_after_frame_sent(struct net_stream *stream, const nghttp2_frame *frame)
{
    if (stream->rst_after && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 &&
        (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
        stream->rst_after = false;
        (void)nghttp2_submit_rst_stream(stream->conn->session, NGHTTP2_FLAG_NONE, stream->id,
                                        NGHTTP2_NO_ERROR);
    }
}

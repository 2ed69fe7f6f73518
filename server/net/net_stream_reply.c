/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: messages and a status by the stream's framing, or plain HTTP. */
#include <stdio.h>

#include "net/conn.h"
#include "net/gzip.h"
#include "net/net_stream.h"
#include "net/server.h"

/* Compressing takes 10 to 20 ms per megabyte, in which nobody else is served. */
enum { GZIP_MAX_BYTES = 256 * 1024 };

static void respond(struct net_stream *stream, const struct net_head *head, bool has_body)
{
    stream->conn->protocol->respond(stream, head, has_body);
}

static bool is_worth_compressing(const struct net_stream *stream, struct slice message)
{
    return stream->encoding.accepts_gzip &&
           message.len >= stream->conn->server->config.gzip_min_bytes &&
           message.len <= GZIP_MAX_BYTES;
}

static void add_message(struct net_stream *stream, struct slice message)
{
    struct bytes packed = {0};
    if (is_worth_compressing(stream, message) && gzip_pack(message, &packed)) {
        stream->framing->add_message(&stream->out, bytes_view(&packed), true);
    } else {
        stream->framing->add_message(&stream->out, message, false);
    }
    bytes_free(&packed);
}

void net_stream_send(struct net_stream *stream, struct slice message)
{
    CH_ASSERT(stream->framing != NULL && stream->outward != NET_OUT_FINISHED);
    if (stream->outward == NET_OUT_GONE) {
        return;
    }
    add_message(stream, message);
    if (stream->outward == NET_OUT_ANSWERING) {
        stream->conn->protocol->resume(stream);
        return;
    }
    struct net_head head = {0};
    stream->framing->head(&stream->encoding, &head);
    net_stream_set_outward(stream, NET_OUT_ANSWERING);
    respond(stream, &head, true);
}

size_t net_stream_queued(const struct net_stream *stream)
{
    return bytes_view(&stream->out).len;
}

void net_stream_finish(struct net_stream *stream, enum grpc_code code, const char *text,
                       struct slice details)
{
    CH_ASSERT(stream->framing != NULL && stream->outward != NET_OUT_FINISHED);
    net_stream_stop_listening(stream);
    if (stream->outward == NET_OUT_GONE) {
        return;
    }
    const struct net_status status = {.code = code, .text = text, .details = details};
    bool is_first = stream->outward == NET_OUT_SILENT;
    struct net_head head = {0};
    stream->framing->finish(stream->arena, &status, is_first ? &head : NULL, &stream->trailers,
                            &stream->out);
    net_stream_set_outward(stream, NET_OUT_FINISHED);
    if (is_first) {
        respond(stream, &head, net_stream_queued(stream) > 0 || stream->trailers.count > 0);
    } else {
        stream->conn->protocol->resume(stream);
    }
}

void net_stream_reply_http(struct net_stream *stream, int status, const char *content_type,
                           struct slice body)
{
    char length[24];
    struct net_head head = {.status = status};
    CH_ASSERT(stream->outward != NET_OUT_FINISHED);
    net_stream_stop_listening(stream);
    if (stream->outward == NET_OUT_GONE) {
        return;
    }
    snprintf(length, sizeof length, "%zu", body.len);
    net_head_add(&head, "content-type", content_type);
    net_head_add(&head, "content-length", length);
    net_head_add(&head, "cache-control", "no-store");
    bytes_add(&stream->out, body);
    net_stream_set_outward(stream, NET_OUT_FINISHED);
    respond(stream, &head, true);
}

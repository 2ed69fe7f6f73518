/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: messages and a status by the stream's framing, or plain HTTP. */
#include <string.h>
#include <time.h>

#include "net/conn.h"
#include "net/cors.h"
#include "net/gzip.h"
#include "net/net_stream.h"
#include "net/server.h"
#include "obs/metrics.h"

enum {
    GZIP_MAX_BYTES = 128 * 1024, /* it takes 10 to 25 ms per megabyte, and nobody else is served */
    CONN_QUEUE_MAX = 4 * 1024 * 1024,
    STRANGERS_SHARE = 4, /* strangers have a fourth part of all room */
    SMALL_BYTES = 1024,  /* always finds room: streams are bounded by themselves */
};

/* --- what waits ------------------------------------------------------------------------------- */

static size_t *server_queue(const struct net_conn *conn)
{
    return conn->slot.is_known ? &conn->server->known_queue : &conn->server->strangers_queue;
}

void net_stream_count_queue(struct net_stream *stream)
{
    struct net_conn *conn = stream->conn;
    size_t now = bytes_view(&stream->out).len;
    *server_queue(conn) += now - stream->queued; /* modulo the size of size_t: it may be less */
    conn->queued += now - stream->queued;
    metric_add(M_NET_QUEUED_BYTES, NULL, NULL, (int64_t)now - (int64_t)stream->queued);
    stream->queued = now;
}

void net_stream_took_answer(struct net_stream *stream, size_t bytes)
{
    bytes_consume(&stream->out, bytes);
    net_stream_count_queue(stream);
    conn_note_taken(stream->conn, bytes);
    if (net_stream_has_room_again(stream)) {
        net_stream_schedule(stream); /* nghttp2 asks for bytes right now, and is not to be called */
    }
}

bool net_stream_has_room_again(const struct net_stream *stream)
{
    return stream->awaits_room && net_stream_queued(stream) <= NET_STREAM_QUEUE_MAX / 2;
}

void net_stream_await_room(struct net_stream *stream)
{
    stream->awaits_room = true;
    if (net_stream_has_room_again(stream)) {
        net_stream_schedule(stream);
    }
}

static bool has_room(const struct net_stream *stream, size_t len)
{
    const struct net_conn *conn = stream->conn;
    size_t max = conn->server->config.max_queue_bytes / (conn->slot.is_known ? 1 : STRANGERS_SHARE);
    return len <= SMALL_BYTES || (conn->queued < CONN_QUEUE_MAX && *server_queue(conn) < max);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void respond(struct net_stream *stream, struct net_head *head, bool has_body)
{
    cors_add(&stream->conn->server->config, &stream->request, head);
    stream->conn->protocol->respond(stream, head, has_body);
}

static bool is_worth_compressing(const struct net_stream *stream, struct slice message)
{
    return stream->encoding.accepts_gzip &&
           message.len >= stream->conn->server->config.gzip_min_bytes &&
           message.len <= GZIP_MAX_BYTES;
}

/* Whether it went compressed. */
static bool add_message(struct net_stream *stream, struct slice message)
{
    struct bytes packed = {0};
    bool compressed = is_worth_compressing(stream, message) && gzip_pack(message, &packed);
    stream->framing->add_message(&stream->out, compressed ? bytes_view(&packed) : message,
                                 compressed);
    bytes_free(&packed);
    net_stream_count_queue(stream);
    return compressed;
}

/* All of the body is there. Left out over budget: then its end says how long it is. */
static void add_length(struct net_stream *stream, struct net_head *head)
{
    const char *length = arena_printf(stream->arena, "%zu", net_stream_queued(stream));
    if (length != NULL) {
        net_head_add(head, "content-length", length);
    }
}

void net_stream_send(struct net_stream *stream, struct slice message)
{
    CH_ASSERT(stream->framing != NULL && stream->outward != NET_OUT_FINISHED);
    if (stream->outward == NET_OUT_GONE) {
        return;
    }
    if (stream->is_unread || !has_room(stream, message.len)) {
        stream->is_unread = true;
        return;
    }
    struct net_head head = {0};
    if (stream->framing->unwrap != NULL) {
        message = stream->framing->unwrap(stream->arena, message, &head);
    }
    bool compressed = add_message(stream, message);
    if (stream->outward == NET_OUT_ANSWERING) {
        stream->conn->protocol->resume(stream);
        return;
    }
    stream->framing->head(&stream->encoding, compressed, &head);
    if (stream->framing->is_whole && head.status != 204) { /* RFC 9110 §8.6 */
        add_length(stream, &head);
    }
    net_stream_say_metadata(stream, &head);
    net_stream_set_outward(stream, NET_OUT_ANSWERING);
    respond(stream, &head, true);
}

size_t net_stream_queued(const struct net_stream *stream)
{
    return bytes_view(&stream->out).len;
}

struct slice net_stream_details(struct net_stream *stream, enum reason reason)
{
    const struct net_handler *handler = &stream->conn->server->handler;
    return handler->details == NULL ? SLICE_NONE
                                    : handler->details(handler->ctx, stream->arena, reason);
}

static struct net_status unread_status(struct net_stream *stream)
{
    const struct reason_info *info = reason_info(R_ANSWERS_UNREAD);
    return (struct net_status){.code = info->code,
                               .text = info->text,
                               .details = net_stream_details(stream, R_ANSWERS_UNREAD)};
}

/* An end says what stands behind the messages, where the framing has no other place for it. */
static void add_trailers(const struct net_stream *stream, struct net_status *status)
{
    if (stream->metadata != NULL && stream->framing->trailer_prefix == NULL) {
        status->trailers = stream->metadata->trailers;
        status->trailer_count = stream->metadata->trailer_count;
    }
}

/* The head of an answer without messages can be its end as well, unless something is said in front of that. */
static bool is_end_apart(const struct net_stream *stream)
{
    return !stream->framing->is_whole && stream->metadata != NULL &&
           stream->metadata->header_count > 0;
}

/* The answer is its end: no message was sent. */
static void finish_first(struct net_stream *stream, const struct net_status *status)
{
    const struct net_framing *framing = stream->framing;
    bool is_apart = is_end_apart(stream);
    struct net_head head = {0};
    if (is_apart) {
        framing->head(&stream->encoding, false, &head);
    }
    framing->finish(stream->arena, &stream->encoding, status, is_apart ? NULL : &head,
                    &stream->trailers, &stream->out);
    net_stream_count_queue(stream);
    net_stream_set_outward(stream, NET_OUT_FINISHED);
    bool has_bytes = net_stream_queued(stream) > 0;
    if (has_bytes) {
        add_length(stream, &head);
    }
    net_stream_say_metadata(stream, &head);
    respond(stream, &head, has_bytes || stream->trailers.count > 0);
}

static void finish(struct net_stream *stream, struct net_status status)
{
    CH_ASSERT(stream->framing != NULL && stream->outward != NET_OUT_FINISHED);
    net_stream_stop_listening(stream);
    if (stream->outward == NET_OUT_GONE) {
        return;
    }
    status = stream->is_unread ? unread_status(stream) : status;
    add_trailers(stream, &status);
    if (stream->outward == NET_OUT_SILENT) {
        finish_first(stream, &status);
        return;
    }
    stream->framing->finish(stream->arena, &stream->encoding, &status, NULL, &stream->trailers,
                            &stream->out);
    net_stream_count_queue(stream);
    net_stream_set_outward(stream, NET_OUT_FINISHED);
    stream->conn->protocol->resume(stream);
}

void net_stream_finish(struct net_stream *stream, enum grpc_code code, const char *text,
                       struct slice details)
{
    finish(stream, (struct net_status){.code = code, .text = text, .details = details});
}

void net_stream_finish_unknown(struct net_stream *stream, const char *text, struct slice details)
{
    finish(stream, (struct net_status){.code = GRPC_UNIMPLEMENTED,
                                       .text = text,
                                       .details = details,
                                       .is_unknown_path = true});
}

/* --- pages ------------------------------------------------------------------------------------ */

enum { DATE_BYTES = 32 };

static const char NO_STORE[] = "no-store";

static const struct net_page unread_page = {
    .status = 503,
    .content_type = "text/plain; charset=utf-8",
    .cache_control = NO_STORE,
};

/* RFC 9110 §5.6.7; of the C locale, which is ours. */
static bool format_date(int64_t unix_seconds, char out[DATE_BYTES])
{
    time_t seconds = (time_t)unix_seconds;
    struct tm utc;
    return gmtime_r(&seconds, &utc) != NULL &&
           strftime(out, DATE_BYTES, "%a, %d %b %Y %H:%M:%S GMT", &utc) > 0;
}

static void add_page_headers(struct net_stream *stream, const struct net_page *page,
                             struct net_head *head)
{
    char *date = arena_alloc(stream->arena, DATE_BYTES);
    char *etag = page->etag == NULL ? NULL : arena_strdup(stream->arena, page->etag);
    if (date != NULL && format_date(loop_unix_us(stream->conn->server->loop) / 1000000, date)) {
        net_head_add(head, "date", date);
    }
    net_head_add(head, "cache-control", page->cache_control);
    if (etag != NULL) {
        net_head_add(head, "etag", etag);
    }
    if (page->allow != NULL) {
        net_head_add(head, "allow", page->allow);
    }
    if (page->accept_post != NULL) {
        net_head_add(head, "accept-post", page->accept_post);
    }
}

void net_stream_reply_page(struct net_stream *stream, const struct net_page *page)
{
    struct slice body = page->body;
    struct net_head head = {0};
    CH_ASSERT(stream->outward != NET_OUT_FINISHED);
    net_stream_stop_listening(stream);
    if (stream->outward == NET_OUT_GONE) {
        return;
    }
    if (!has_room(stream, body.len)) {
        page = &unread_page;
        body = slice_str(reason_info(R_ANSWERS_UNREAD)->text);
    }
    bool is_head = stream->request.method != NULL && strcmp(stream->request.method, "HEAD") == 0;
    bool has_content = page->status != 304 && page->status != 204; /* RFC 9110 §15.4.5, §15.3.5 */
    head.status = page->status;
    const char *length = arena_printf(stream->arena, "%zu", body.len);
    if (has_content) {
        net_head_add(&head, "content-type", page->content_type);
    }
    if (has_content && length != NULL) {
        net_head_add(&head, "content-length", length);
    }
    if (has_content && !is_head) {
        bytes_add(&stream->out, body);
    }
    add_page_headers(stream, page, &head);
    net_stream_count_queue(stream);
    net_stream_set_outward(stream, NET_OUT_FINISHED);
    respond(stream, &head, has_content && !is_head);
}

void net_stream_reply_http(struct net_stream *stream, int status, const char *content_type,
                           struct slice body)
{
    net_stream_reply_page(stream, &(struct net_page){.status = status,
                                                     .content_type = content_type,
                                                     .cache_control = NO_STORE,
                                                     .body = body});
}

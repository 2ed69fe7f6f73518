/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net_stream.h"

#include <string.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/cors.h"
#include "net/gzip.h"
#include "net/server.h"

enum {
    ARENA_BYTES = NET_HEADER_BYTES_MAX + 16 * 1024, /* headers, status text, details */
    LINGER_MS = 1000, /* for the rest of a request that is answered already */
};

static struct loop *loop_of(const struct net_stream *stream)
{
    return stream->conn->server->loop;
}

/* --- the two lives -------------------------------------------------------------------------- */

void net_stream_set_inward(struct net_stream *stream, enum net_inward to)
{
    static const unsigned allowed[] = {
        [NET_IN_HEADERS] = 1U << NET_IN_OPENING,
        [NET_IN_OPENING] = 1U << NET_IN_HELD | 1U << NET_IN_REFUSED,
        [NET_IN_HELD] = 1U << NET_IN_READING | 1U << NET_IN_DEAF,
        [NET_IN_READING] = 1U << NET_IN_HELD | 1U << NET_IN_ENDED | 1U << NET_IN_DEAF,
        [NET_IN_ENDED] = 1U << NET_IN_DEAF,
        [NET_IN_DEAF] = 0,
        [NET_IN_REFUSED] = 0,
    };
    CH_ASSERT((allowed[stream->inward] & 1U << to) != 0);
    stream->inward = to;
}

void net_stream_set_outward(struct net_stream *stream, enum net_outward to)
{
    static const unsigned allowed[] = {
        [NET_OUT_SILENT] = 1U << NET_OUT_ANSWERING | 1U << NET_OUT_FINISHED | 1U << NET_OUT_GONE,
        [NET_OUT_ANSWERING] = 1U << NET_OUT_FINISHED | 1U << NET_OUT_GONE,
        [NET_OUT_FINISHED] = 1U << NET_OUT_GONE,
        [NET_OUT_GONE] = 0,
    };
    CH_ASSERT((allowed[stream->outward] & 1U << to) != 0);
    stream->outward = to;
    if (to == NET_OUT_FINISHED) {
        stream->finished_at = loop_now(loop_of(stream));
    }
}

void net_streams_expire(struct net_conn *conn, struct mono_time now)
{
    LIST_EACH_SAFE (link, after, &conn->streams) {
        struct net_stream *stream = LIST_ENTRY(link, struct net_stream, link);
        if (stream->outward == NET_OUT_FINISHED && !stream->all_came &&
            now.ns >= mono_add_ms(stream->finished_at, LINGER_MS).ns) {
            conn->protocol->answer_now(stream);
        }
    }
}

bool net_stream_is_told(const struct net_stream *stream)
{
    return stream->inward == NET_IN_HELD || stream->inward == NET_IN_READING ||
           stream->inward == NET_IN_ENDED || stream->inward == NET_IN_DEAF;
}

bool net_stream_is_listening(const struct net_stream *stream)
{
    return stream->inward == NET_IN_HELD || stream->inward == NET_IN_READING;
}

void net_stream_init(struct net_stream *stream, struct net_conn *conn)
{
    stream->conn = conn;
    stream->arena = arena_new_small(ARENA_BYTES);
    stream->request.peer = conn->peer;
    stream->request.listener = conn->listener;
    stream->request.has_certificate = conn->has_certificate;
    memcpy(stream->request.fingerprint, conn->fingerprint, sizeof conn->fingerprint);
    body_init(&stream->body, &conn->server->bodies, &conn->share);
    list_init(&stream->ready_link);
    list_append(&conn->streams, &stream->link);
    conn->server->stream_count++;
    conn->last_active = loop_now(conn->server->loop);
    conn->headers_since = conn->last_active; /* a connection has one such block at a time */
    conn_slots_add_stream(conn);
}

void net_stream_update_windows(struct net_stream *stream)
{
    struct net_conn *conn = stream->conn;
    size_t owed = body_take_owed(&stream->body);
    if (conn->state == CONN_CLOSED) {
        return;
    }
    if (owed > 0) {
        conn->protocol->give_back(conn->session, owed);
    }
    if (stream->inward == NET_IN_READING && !stream->all_came && stream->outward != NET_OUT_GONE) {
        conn->protocol->allow(stream, body_wish(&stream->body));
    }
}

void net_stream_drop_body(struct net_stream *stream)
{
    gunzip_free(stream->gunzip);
    stream->gunzip = NULL;
    body_drop(&stream->body);
    net_stream_update_windows(stream);
}

void net_stream_fini(struct net_stream *stream)
{
    struct net_conn *conn = stream->conn;
    conn->server->stream_count--;
    conn->last_active = loop_now(conn->server->loop);
    conn_slots_remove_stream(conn);
    list_remove(&stream->link);
    list_remove(&stream->ready_link);
    net_stream_drop_body(stream);
    bytes_free(&stream->out);
    net_stream_count_queue(stream);
    arena_free(stream->arena);
}

void net_stream_stop_listening(struct net_stream *stream)
{
    if (net_stream_is_told(stream) && stream->inward != NET_IN_DEAF) {
        net_stream_set_inward(stream, NET_IN_DEAF);
    }
    if (!stream->is_telling) {
        net_stream_drop_body(stream);
    }
}

struct uuid net_stream_party(const struct net_stream *stream)
{
    return stream->conn->slot.party;
}

void net_stream_set_known(struct net_stream *stream, struct uuid party)
{
    struct net_conn *conn = stream->conn;
    struct net_server *server = conn->server;
    conn->slot.party = party;
    if (conn->state != CONN_CLOSED && !conn->slot.is_known) {
        conn_slots_set_known(conn);
        server->strangers_queue -= conn->queued;
        server->known_queue += conn->queued;
    }
}

bool net_stream_is_known(const struct net_stream *stream)
{
    return stream->conn->slot.is_known;
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

/* --- what protocols report ------------------------------------------------------------------ */

void net_stream_mark_ready(struct net_stream *stream)
{
    if (list_is_empty(&stream->ready_link)) {
        list_append(&stream->conn->ready, &stream->ready_link);
    }
}

void net_stream_schedule(struct net_stream *stream)
{
    net_stream_mark_ready(stream);
    loop_defer(loop_of(stream), &stream->conn->deliver);
}

void net_stream_read(struct net_stream *stream, size_t message_max)
{
    stream->message_max = message_max;
    if (stream->inward == NET_IN_HELD) {
        net_stream_set_inward(stream, NET_IN_READING);
        net_stream_schedule(stream);
    }
}

void net_stream_hold(struct net_stream *stream)
{
    if (stream->inward == NET_IN_READING) {
        net_stream_set_inward(stream, NET_IN_HELD);
    }
}

void net_stream_refuse(struct net_stream *stream, int status, const char *sentence)
{
    stream->refusal_status = status;
    stream->refusal = sentence;
}

static const struct net_framing *find_framing(const struct net_stream *stream)
{
    const struct net_framing *const *framings = stream->conn->server->config.framings;
    for (size_t i = 0; framings[i] != NULL; i++) {
        if (framings[i]->takes(&stream->request)) {
            return framings[i];
        }
    }
    return NULL;
}

static bool is_carried(const struct net_stream *stream)
{
    const char *only = stream->framing->only_over;
    return only == NULL || strcmp(only, stream->conn->protocol->alpn) == 0;
}

/* A browser asks whether a page may call. It shows no credential, and gets to know no more than that. */
static void answer_preflight(struct net_stream *stream)
{
    bool is_allowed = cors_is_allowed(&stream->conn->server->config, &stream->request);
    net_stream_refuse(stream, is_allowed ? 204 : 403,
                      is_allowed ? "" : "pages of this origin may not call\n");
}

/* What the engine is told of the framing. */
static void note_framing(struct net_stream *stream)
{
    struct net_request *request = &stream->request;
    request->framing = stream->framing->name;
    request->only_unary = stream->framing->is_whole;
    request->only_streaming = stream->framing->only_streaming;
    stream->encoding.length = NET_LENGTH_UNKNOWN;
    rc begun = stream->framing->begin(request, &stream->encoding, &stream->fault);
    if (begun.ok && stream->encoding.request == NET_COMPRESSION_UNKNOWN) {
        /* Whatever single messages say of themselves: grpc/grpc doc/compression.md. */
        (void)err_raise(&stream->fault, R_COMPRESSION_UNSUPPORTED, __FILE__, __LINE__, "headers");
    }
}

static void read_headers(struct net_stream *stream)
{
    struct net_request *request = &stream->request;
    const struct net_config *config = &stream->conn->server->config;
    if (request->method == NULL || request->path == NULL) {
        net_stream_refuse(stream, 400, "expected a method and a path\n");
        return;
    }
    if (config->origin_count > 0 && cors_is_preflight(request)) {
        answer_preflight(stream);
        return;
    }
    stream->framing = find_framing(stream);
    if (stream->framing == NULL) {
        if (stream->has_too_many) {
            net_stream_refuse(stream, 431, "request headers too large\n");
        }
        return;
    }
    if (!is_carried(stream)) {
        stream->framing = NULL;
        net_stream_refuse(stream, 505, "gRPC needs HTTP/2\n");
        return;
    }
    if (cors_has_origin(request) && !cors_is_allowed(config, request)) {
        stream->framing = NULL;
        net_stream_refuse(stream, 403, "pages of this origin may not call\n");
        return;
    }
    note_framing(stream);
}

void net_stream_took_too_many_headers(struct net_stream *stream)
{
    stream->has_too_many = true;
}

void net_stream_took_headers(struct net_stream *stream)
{
    stream->conn->headers_since = (struct mono_time){0};
    if (stream->refusal == NULL) {
        read_headers(stream);
    }
    net_stream_set_inward(stream, NET_IN_OPENING);
    net_stream_mark_ready(stream);
}

/* Base64 becomes less: what it has more than that is over with at once. */
static void took_text(struct net_stream *stream, struct slice data)
{
    struct bytes decoded = {0};
    struct net_conn *conn = stream->conn;
    if (!text_body_decode(&stream->text, data, &decoded)) {
        net_stream_took_fault(stream, "no base64");
    }
    size_t len = bytes_view(&decoded).len;
    conn->protocol->give_back(conn->session, data.len - len);
    if (len > 0) {
        body_add(&stream->body, bytes_view(&decoded), loop_now(loop_of(stream)));
    }
    bytes_free(&decoded);
    net_stream_mark_ready(stream);
}

void net_stream_took_body(struct net_stream *stream, struct slice data)
{
    struct net_conn *conn = stream->conn;
    bool is_heard = stream->inward == NET_IN_OPENING || net_stream_is_listening(stream);
    if (is_heard && stream->framing != NULL && stream->framing->is_text) {
        took_text(stream, data);
    } else if (is_heard) {
        body_add(&stream->body, data, loop_now(loop_of(stream)));
        net_stream_mark_ready(stream);
    } else {
        conn->protocol->give_back(conn->session, data.len);
    }
}

void net_stream_took_end(struct net_stream *stream)
{
    stream->all_came = true;
    if (!text_body_is_whole(&stream->text)) {
        net_stream_took_fault(stream, "base64 is cut short");
    }
    net_stream_mark_ready(stream);
}

void net_stream_took_fault(struct net_stream *stream, const char *sentence)
{
    (void)err_raise(&stream->fault, R_FRAMING_BROKEN, __FILE__, __LINE__, "%s", sentence);
    net_stream_mark_ready(stream);
}

void net_stream_took_close(struct net_stream *stream)
{
    if (stream->inward == NET_IN_HEADERS) {
        stream->conn->headers_since = (struct mono_time){0}; /* nobody waits for them any more */
    }
    net_stream_set_outward(stream, NET_OUT_GONE);
    net_stream_mark_ready(stream);
}

static struct net_stream *stream_of(struct body *body)
{
    return LIST_ENTRY(body, struct net_stream, body);
}

void net_stream_body_granted(struct body *body)
{
    net_stream_schedule(stream_of(body));
}

void net_stream_body_evicted(struct body *body)
{
    struct net_stream *stream = stream_of(body);
    (void)err_raise(&stream->fault, R_OVERLOADED, __FILE__, __LINE__, "no room for its body");
    net_stream_schedule(stream);
}

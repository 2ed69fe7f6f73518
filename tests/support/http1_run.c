/* SPDX-License-Identifier: Apache-2.0 */
#include "http1_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/conn.h"
#include "net/connect/connect_stream_framing.h"
#include "net/connect/connect_unary_framing.h"
#include "net/grpc/grpc_framing.h"
#include "net/grpc/grpc_web_framing.h"
#include "net/http1/http1_protocol.h"
#include "net/net_stream.h"
#include "net/server.h"

enum { MESSAGE_MAX = 4096 };

static size_t opened;
static size_t messages, message_bytes; /* of the call that runs: a connection has one at a time */

static void on_open(void *ctx, struct net_stream *stream, const struct net_request *request)
{
    char text[256];
    (void)ctx;
    opened++;
    if (request->framing != NULL) {
        messages = message_bytes = 0;
        net_stream_read(stream, MESSAGE_MAX);
        return;
    }
    snprintf(text, sizeof text, "%.40s %.80s%s%.80s", request->method, request->path,
             request->query == NULL ? "" : "?", request->query == NULL ? "" : request->query);
    net_stream_reply_http(stream, 200, "text/plain", slice_str(text));
}

static void on_message(void *ctx, struct net_stream *stream, struct slice message)
{
    (void)ctx;
    if (stream->framing == NULL || message.len > MESSAGE_MAX) {
        abort(); /* pages have no messages */
    }
    messages++;
    message_bytes += message.len;
}

static void on_end(void *ctx, struct net_stream *stream)
{
    char text[64];
    (void)ctx;
    if (stream->framing == NULL) {
        return;
    }
    snprintf(text, sizeof text, "%zu messages, %zu bytes", messages, message_bytes);
    net_stream_send(stream, slice_str(text));
    net_stream_finish(stream, GRPC_OK, NULL, SLICE_NONE);
}

/* Which fault is seen first depends on how the bytes come. */
static void on_broken(void *ctx, struct net_stream *stream, const struct err *err)
{
    (void)ctx;
    (void)err;
    if (stream->framing != NULL) {
        net_stream_finish(stream, GRPC_INTERNAL, "broken", SLICE_NONE);
    }
}

static void on_closed(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    (void)stream;
}

static struct net_server *server_new(struct loop *loop)
{
    static const char *const origins[] = {"https://app.example.org"};
    static const struct net_config config = {
        .protocols = {&HTTP1_PROTOCOL},
        .framings = {&GRPC_FRAMING, &CONNECT_UNARY_FRAMING, &CONNECT_STREAM_FRAMING,
                     &GRPC_WEB_FRAMING, &GRPC_WEB_TEXT_FRAMING},
        .origins = origins,
        .origin_count = 1,
    };
    static const struct net_handler handler = {
        .open = on_open,
        .message = on_message,
        .end = on_end,
        .broken = on_broken,
        .closed = on_closed,
    };
    return net_server_new(loop, &config, &handler);
}

/* As conn.c does it; false when the connection is over. */
static bool go_on(struct net_conn *conn, struct bytes *said)
{
    bool is_any = true;
    while (is_any) {
        uint8_t out[1000];
        ssize_t n = HTTP1_PROTOCOL.fill(conn->session, out, sizeof out);
        if (n > 0) {
            bytes_add(said, slice_of(out, (size_t)n));
        }
        net_streams_deliver(conn);
        is_any = HTTP1_PROTOCOL.go_on(conn->session) || n > 0;
        net_streams_deliver(conn);
    }
    return !HTTP1_PROTOCOL.is_over(conn->session);
}

static struct net_conn *begin(int fds[2])
{
    static struct loop *loop;
    static struct net_server *server;
    if (loop == NULL) {
        loop = loop_new();
        server = server_new(loop);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0) {
        abort();
    }
    opened = 0;
    conn_accept(server, fds[0], NULL, &(struct conn_origin){.peer = "test"});
    return LIST_ENTRY(server->conns.next, struct net_conn, link);
}

static bool feed(struct net_conn *conn, struct slice data, struct bytes *said)
{
    (void)HTTP1_PROTOCOL.feed(conn->session, data);
    net_streams_deliver(conn);
    return go_on(conn, said);
}

size_t http1_run(struct slice in, size_t step, struct bytes *said)
{
    int fds[2];
    bool is_open = true;
    struct net_conn *conn = begin(fds);
    while (in.len > 0 && is_open) {
        size_t n = step < in.len ? step : in.len;
        is_open = feed(conn, slice_cut(in, 0, n), said);
        in = slice_cut(in, n, in.len);
    }
    conn_close(conn, "done");
    close(fds[1]);
    return opened;
}

size_t http1_run_late(struct slice in, struct slice rest, struct bytes *said)
{
    int fds[2];
    struct net_conn *conn = begin(fds);
    (void)feed(conn, in, said);
    LIST_EACH_SAFE (link, after, &conn->streams) {
        HTTP1_PROTOCOL.answer_now(LIST_ENTRY(link, struct net_stream, link));
    }
    (void)go_on(conn, said);
    (void)feed(conn, rest, said);
    conn_close(conn, "done");
    close(fds[1]);
    return opened;
}

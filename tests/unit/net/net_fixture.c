/* SPDX-License-Identifier: Apache-2.0 */
#include "net_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "obs/metrics.h"

struct net_fixture net;

void tell(const char *format, ...)
{
    va_list args;
    size_t n = strlen(net.story);
    if (!net.is_quiet) {
        va_start(args, format);
        int more = vsnprintf(net.story + n, sizeof net.story - n, format, args);
        va_end(args);
        assert_true(more >= 0 && n + (size_t)more < sizeof net.story);
    }
}

void assert_told(const char *expected)
{
    assert_string_equal(net.story, expected);
    net.story[0] = '\0';
}

/* --- the protocol ------------------------------------------------------------------------------ */

static void *start(struct net_conn *of)
{
    net.conn = of;
    net.is_over = false;
    tell("start ");
    return &net.answer;
}

static bool feed(void *session, struct slice data)
{
    bytes_add(session, data);
    net.is_over = data.ptr[0] == 'q';
    return data.ptr[0] != '!';
}

static ssize_t fill(void *session, uint8_t *out, size_t cap)
{
    struct bytes *b = session;
    struct slice all = bytes_view(b);
    size_t n = all.len < cap ? all.len : cap;
    if (n > 0) {
        memcpy(out, all.ptr, n);
        bytes_consume(b, n);
    }
    return (ssize_t)n;
}

static bool is_over(void *session)
{
    (void)session;
    return net.is_over;
}

static void announce_end(void *session)
{
    (void)session;
    tell("announce ");
}

static void refuse_new(void *session)
{
    (void)session;
    tell("refuse ");
    net.is_over = list_is_empty(&net.conn->streams);
}

static void stop(void *session)
{
    bytes_free(session);
    tell("stop ");
}

static void respond(struct net_stream *stream, const struct net_head *head, bool has_body)
{
    (void)stream;
    net.head = *head;
    tell("respond:%d%s ", head->status, has_body ? "+body" : "");
}

static void resume(struct net_stream *stream)
{
    (void)stream;
    tell("resume ");
}

static void allow(struct net_stream *stream, size_t bytes)
{
    (void)stream;
    net.allowed = bytes;
}

static void give_back(void *session, size_t bytes)
{
    (void)session;
    net.given_back += bytes;
}

static void answer_now(struct net_stream *stream)
{
    (void)stream;
    net.answered_now++;
}

static void free_stream(struct net_stream *stream)
{
    net_stream_fini(stream);
    xfree(stream);
    tell("free ");
}

static const struct net_protocol FAKE_PROTOCOL = {
    .alpn = "fake",
    .start = start,
    .feed = feed,
    .fill = fill,
    .is_over = is_over,
    .announce_end = announce_end,
    .refuse_new = refuse_new,
    .stop = stop,
    .respond = respond,
    .resume = resume,
    .allow = allow,
    .give_back = give_back,
    .answer_now = answer_now,
    .free_stream = free_stream,
};

/* --- the framing ------------------------------------------------------------------------------- */

static bool takes(const struct net_request *request)
{
    return strcmp(request->method, "CALL") == 0;
}

static rc begin(struct net_request *request, struct net_encoding *out, struct err *err)
{
    out->request = strcmp(request->path, "/identity") == 0  ? NET_IDENTITY
                   : strcmp(request->path, "/unknown") == 0 ? NET_COMPRESSION_UNKNOWN
                                                            : NET_GZIP;
    out->accepts_gzip = strcmp(request->path, "/gzip") == 0;
    ENSURE(strcmp(request->path, "/bad") != 0, err, R_FRAMING_BROKEN);
    return OK;
}

static enum net_look look(struct slice in, struct net_frame *out, struct err *err)
{
    if (in.len < PREFIX) {
        return NET_LOOK_LATER;
    }
    if (in.ptr[0] == 'b') {
        (void)err_raise(err, R_FRAMING_BROKEN, __FILE__, __LINE__, "b");
        return NET_LOOK_BROKEN;
    }
    size_t length = (size_t)in.ptr[1] << 16 | (size_t)in.ptr[2] << 8 | in.ptr[3];
    *out = (struct net_frame){.prefix = PREFIX, .length = length, .compressed = in.ptr[0] == 'z'};
    return NET_LOOK_FRAME;
}

static void head(const struct net_encoding *encoding, bool compressed, struct net_head *out)
{
    (void)compressed;
    (void)encoding;
    out->status = 200;
}

static void add_message(struct bytes *body, struct slice message, bool compressed)
{
    tell(compressed ? "packed " : "");
    bytes_add(body, message);
}

static void finish(struct arena *arena, const struct net_encoding *encoding,
                   const struct net_status *status, struct net_head *only,
                   struct net_head *trailers, struct bytes *body)
{
    (void)encoding;
    (void)arena;
    (void)body;
    if (only != NULL) {
        only->status = 200 + (int)status->code;
    } else {
        net_head_add(trailers, "end", "yes");
    }
    for (size_t i = 0; i < status->trailer_count; i++) {
        net_head_add(only != NULL ? only : trailers, status->trailers[i].name,
                     status->trailers[i].value);
    }
}

static const struct net_framing FAKE_FRAMING = {
    .name = "fake",
    .takes = takes,
    .begin = begin,
    .look = look,
    .head = head,
    .add_message = add_message,
    .finish = finish,
};

static bool takes_whole(const struct net_request *request)
{
    return strcmp(request->method, "WHOLE") == 0;
}

static void finish_whole(struct arena *arena, const struct net_encoding *encoding,
                         const struct net_status *status, struct net_head *only,
                         struct net_head *trailers, struct bytes *body)
{
    (void)arena;
    (void)encoding;
    (void)trailers;
    if (only != NULL) {
        only->status = status->is_unknown_path ? 404 : 300 + (int)status->code;
        bytes_add(body, slice_str("{}"));
    }
}

static const struct net_framing WHOLE_FRAMING = {
    .name = "whole",
    .is_whole = true,
    .trailer_prefix = "t-",
    .takes = takes_whole,
    .begin = begin,
    .head = head,
    .add_message = add_message,
    .finish = finish_whole,
};

/* --- the handler ------------------------------------------------------------------------------ */

static void on_open(void *ctx, struct net_stream *stream, const struct net_request *request)
{
    (void)ctx;
    (void)stream;
    tell("open%s ", request->framing != NULL ? ":call" : "");
}

static void on_message(void *ctx, struct net_stream *stream, struct slice message)
{
    (void)ctx;
    net.message_bytes += message.len;
    tell("message:%zu ", message.len);
    if (net.finish_in_message) {
        net_stream_finish(stream, GRPC_OK, NULL, SLICE_NONE);
        assert_int_equal(message.ptr[0], message.ptr[message.len - 1]); /* still lent */
    }
}

static void on_end(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    (void)stream;
    tell("end ");
}

static void on_broken(void *ctx, struct net_stream *stream, const struct err *err)
{
    (void)ctx;
    tell("broken:%s ", reason_info(err->reason)->name);
    net_stream_finish(stream, reason_info(err->reason)->code, NULL, SLICE_NONE);
}

static void on_room(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    (void)stream;
    tell("room ");
}

static void on_closed(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    (void)stream;
    tell("closed ");
}

/* --- helpers ---------------------------------------------------------------------------------- */

int net_fixture_start(const struct net_config *bounds)
{
    static const struct net_handler handler = {
        .open = on_open,
        .message = on_message,
        .end = on_end,
        .broken = on_broken,
        .room = on_room,
        .closed = on_closed,
    };
    struct net_config config = *bounds;
    int fds[2];
    config.protocols[0] = &FAKE_PROTOCOL;
    config.framings[0] = &FAKE_FRAMING;
    config.framings[1] = &WHOLE_FRAMING;
    metrics_reset();
    net = (struct net_fixture){.loop = loop_new()};
    net.server = net_server_new(net.loop, &config, &handler);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    net.peer = fds[1];
    conn_accept(net.server, fds[0], NULL, &(struct conn_origin){.peer = "test"});
    assert_told("start ");
    return 0;
}

int net_fixture_set_up(void **state)
{
    (void)state;
    return net_fixture_start(
        &(struct net_config){.max_calls = CALLS_MAX, .max_body_bytes = 4 * MIB});
}

int net_fixture_tear_down(void **state)
{
    (void)state;
    net.is_quiet = true;
    net_server_free(net.server);
    close(net.peer);
    loop_free(net.loop);
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), 0);
    return 0;
}

static void stop_loop(struct loop_task *task)
{
    (void)task;
    loop_stop(net.loop);
}

void run_turn(void)
{
    struct loop_task task;
    loop_task_init(&task, stop_loop);
    loop_defer_to_turn_end(net.loop, &task);
    loop_run(net.loop);
}

static void stop_loop_later(struct loop_timer *timer)
{
    loop_stop(timer->loop);
}

void run_a_while(void)
{
    struct loop_timer timer;
    loop_timer_init(&timer, net.loop, stop_loop_later);
    loop_timer_arm(&timer, 30);
    loop_run(net.loop);
    loop_timer_fini(&timer);
}

struct net_stream *open_stream(const char *method, const char *path)
{
    struct net_stream *s = xcalloc(1, sizeof *s);
    net_stream_init(s, net.conn);
    s->request.method = method;
    s->request.path = path;
    net_stream_took_headers(s);
    net_streams_deliver(net.conn);
    return s;
}

void send_part(struct net_stream *s, char kind, size_t length, size_t sent)
{
    static uint8_t wire[PREFIX + 2 * MIB];
    memset(wire, 'y', PREFIX + sent);
    wire[0] = (uint8_t)kind;
    wire[1] = (uint8_t)(length >> 16);
    wire[2] = (uint8_t)(length >> 8);
    wire[3] = (uint8_t)length;
    net_stream_took_body(s, slice_of(wire, PREFIX + sent));
    net_streams_deliver(net.conn);
}

void send_end(struct net_stream *s)
{
    net_stream_took_end(s);
    net_streams_deliver(net.conn);
}

void close_stream(struct net_stream *s)
{
    net_stream_took_close(s);
    net_streams_deliver(net.conn);
}

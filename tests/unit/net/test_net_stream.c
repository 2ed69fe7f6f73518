/* SPDX-License-Identifier: Apache-2.0 */
/* A connection by its tables: a protocol and a framing of the test's own, so that what conn.c and
 * net_stream.c do is seen without HTTP/2 and gRPC. */
#include "chancery_test.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/gzip.h"
#include "net/net_stream.h"
#include "net/server.h"
#include "obs/metrics.h"

enum { MIB = 1024 * 1024 };

/* What the tables and the handler were asked and told, in order. */
static char story[512];
static struct net_conn *conn;
static struct loop *loop;
static struct net_server *server;
static struct bytes answer;
static size_t given_back, allowed, message_bytes;
static bool finish_in_message, is_quiet;
static int peer;

static void tell(const char *text)
{
    size_t n = strlen(story);
    if (!is_quiet) {
        assert_true(n + strlen(text) + 1 < sizeof story);
        memcpy(story + n, text, strlen(text) + 1);
    }
}

#define TELL(...)                                   \
    do {                                            \
        char text_[64];                             \
        snprintf(text_, sizeof text_, __VA_ARGS__); \
        tell(text_);                                \
    } while (0)

/* Compare with what was told since the last time. */
static void assert_told(const char *expected)
{
    assert_string_equal(story, expected);
    story[0] = '\0';
}

/* --- the protocol: "x" on the socket is echoed, "!" is broken, "q" is the end ------------------ */

static bool over;

static void *start(struct net_conn *of)
{
    conn = of;
    over = false;
    tell("start ");
    return &answer;
}

static bool feed(void *session, struct slice data)
{
    bytes_add(session, data);
    over = data.ptr[0] == 'q';
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
    return over;
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
    over = true;
}

static void stop(void *session)
{
    bytes_free(session);
    tell("stop ");
}

static void respond(struct net_stream *stream, const struct net_head *head, bool has_body)
{
    (void)stream;
    TELL("respond:%d%s ", head->status, has_body ? "+body" : "");
}

static void resume(struct net_stream *stream)
{
    (void)stream;
    tell("resume ");
}

static void allow(struct net_stream *stream, size_t bytes)
{
    (void)stream;
    allowed = bytes;
}

static void give_back(void *session, size_t bytes)
{
    (void)session;
    given_back += bytes;
}

static void free_stream(struct net_stream *stream)
{
    net_stream_fini(stream);
    xfree(stream);
    tell("free ");
}

static const struct net_protocol FAKE_PROTOCOL = {
    "fake", start,   feed,   fill,  is_over,   announce_end, refuse_new,
    stop,   respond, resume, allow, give_back, free_stream,
};

/* --- the framing: 'm' or 'z' (compressed) and a length of three bytes; 'b' is broken ------------ */

enum { PREFIX = 4 };

static bool takes(const struct net_request *request)
{
    return strcmp(request->method, "CALL") == 0;
}

static rc begin(struct net_request *request, struct net_encoding *out, struct err *err)
{
    out->request = NET_GZIP;
    ENSURE(strcmp(request->path, "/bad") != 0, err, R_PROTO_MALFORMED);
    return OK;
}

static enum net_look look(struct slice in, bool all_came, struct net_frame *out, struct err *err)
{
    (void)all_came;
    if (in.len < PREFIX) {
        return NET_LOOK_LATER;
    }
    if (in.ptr[0] == 'b') {
        (void)err_raise(err, R_PROTO_MALFORMED, __FILE__, __LINE__, "b");
        return NET_LOOK_BROKEN;
    }
    size_t length = (size_t)in.ptr[1] << 16 | (size_t)in.ptr[2] << 8 | in.ptr[3];
    *out = (struct net_frame){PREFIX, length, in.ptr[0] == 'z'};
    return NET_LOOK_FRAME;
}

static void head(const struct net_encoding *encoding, struct net_head *out)
{
    (void)encoding;
    out->status = 200;
}

static void add_message(struct bytes *body, struct slice message, bool compressed)
{
    (void)compressed;
    bytes_add(body, message);
}

static void finish(struct arena *arena, const struct net_status *status, struct net_head *only,
                   struct net_head *trailers, struct bytes *body)
{
    (void)arena;
    (void)body;
    if (only != NULL) {
        only->status = 200 + (int)status->code;
    } else {
        net_head_add(trailers, "end", "yes");
    }
}

static const struct net_framing FAKE_FRAMING = {"fake", takes,       begin, look,
                                                head,   add_message, finish};

/* --- the handler ------------------------------------------------------------------------------ */

static void on_open(void *ctx, struct net_stream *stream, const struct net_request *request)
{
    (void)ctx;
    (void)stream;
    TELL("open%s ", request->is_grpc ? ":call" : "");
}

static void on_message(void *ctx, struct net_stream *stream, struct slice message)
{
    (void)ctx;
    message_bytes += message.len;
    TELL("message:%zu ", message.len);
    if (finish_in_message) {
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
    TELL("broken:%s ", reason_info(err->reason)->name);
    net_stream_finish(stream, reason_info(err->reason)->code, NULL, SLICE_NONE);
}

static void on_closed(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    (void)stream;
    tell("closed ");
}

/* --- helpers ---------------------------------------------------------------------------------- */

static int set_up(void **state)
{
    (void)state;
    static const struct net_handler handler = {NULL,   on_open,   on_message,
                                               on_end, on_broken, on_closed};
    static const struct net_config config = {
        .protocols = {&FAKE_PROTOCOL}, .framings = {&FAKE_FRAMING}, .max_body_bytes = 4 * MIB};
    int fds[2];
    metrics_reset();
    story[0] = '\0';
    given_back = allowed = message_bytes = 0;
    finish_in_message = is_quiet = false;
    loop = loop_new();
    server = net_server_new(loop, &config, &handler);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    peer = fds[1];
    conn_accept(server, fds[0], NULL, "test");
    assert_told("start ");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    is_quiet = true;
    net_server_free(server);
    close(peer);
    loop_free(loop);
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), 0);
    return 0;
}

static void stop_loop(struct loop_task *task)
{
    (void)task;
    loop_stop(loop);
}

/* Run one turn, so that what was deferred runs. */
static void run_turn(void)
{
    struct loop_task task;
    loop_task_init(&task, stop_loop);
    loop_defer_to_turn_end(loop, &task);
    loop_run(loop);
}

static void stop_loop_later(struct loop_timer *timer)
{
    loop_stop(timer->loop);
}

/* Run for some turns in which sockets are looked at. */
static void run_a_while(void)
{
    struct loop_timer timer;
    loop_timer_init(&timer, loop, stop_loop_later);
    loop_timer_arm(&timer, 30);
    loop_run(loop);
    loop_timer_fini(&timer);
}

static struct net_stream *open_stream(const char *method, const char *path)
{
    struct net_stream *s = xcalloc(1, sizeof *s);
    net_stream_init(s, conn);
    s->request.method = method;
    s->request.path = path;
    net_stream_took_headers(s);
    net_streams_deliver(conn);
    return s;
}

/* A message of one letter that says to be `length` long; `sent` bytes of it come. */
static void send_part(struct net_stream *s, char kind, size_t length, size_t sent)
{
    static uint8_t wire[PREFIX + 2 * MIB];
    memset(wire, 'y', PREFIX + sent);
    wire[0] = (uint8_t)kind;
    wire[1] = (uint8_t)(length >> 16);
    wire[2] = (uint8_t)(length >> 8);
    wire[3] = (uint8_t)length;
    net_stream_took_body(s, slice_of(wire, PREFIX + sent));
    net_streams_deliver(conn);
}

static void send_end(struct net_stream *s)
{
    net_stream_took_end(s);
    net_streams_deliver(conn);
}

static void close_stream(struct net_stream *s)
{
    net_stream_took_close(s);
    net_streams_deliver(conn);
}

/* --- tests ------------------------------------------------------------------------------------ */

static void a_call_by_the_tables(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    assert_told("open:call ");
    send_part(s, 'm', 3, 3);
    send_end(s);
    assert_told(""); /* nothing of the body before it is asked for */
    assert_int_equal(given_back, 0);
    net_stream_read(s, 100);
    assert_told(""); /* and not from within */
    run_turn();
    assert_told("message:3 end ");
    assert_int_equal(given_back, PREFIX + 3);
    net_stream_send(s, slice_str("a"));
    net_stream_send(s, slice_str("b"));
    net_stream_finish(s, GRPC_OK, NULL, SLICE_NONE);
    assert_told("respond:200+body resume resume ");
    assert_true(slice_eq_str(bytes_view(&s->out), "ab"));
    assert_int_equal(s->trailers.count, 1);
    close_stream(s);
    assert_told("closed free ");
}

static void a_status_alone_has_no_body(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    net_stream_finish(s, GRPC_NOT_FOUND, NULL, SLICE_NONE);
    assert_told("open:call respond:205 ");
    send_part(s, 'm', 3, 3); /* thrown away at once */
    assert_int_equal(given_back, PREFIX + 3);
    net_stream_read(s, 100);
    run_turn();
    close_stream(s);
    assert_told("closed free ");
}

static void what_no_framing_takes(void **state)
{
    (void)state;
    struct net_stream *get = open_stream("GET", "/page");
    assert_told("open ");
    send_part(get, 'm', 3, 3);
    net_stream_read(get, 100);
    send_end(get);
    assert_told("end "); /* its body means nothing */
    net_stream_reply_http(get, 404, "text/plain", slice_str("no\n"));
    assert_told("respond:404+body ");
    close_stream(get);
    assert_told("closed free ");
    struct net_stream *put = open_stream("PUT", "/x");
    assert_told("respond:415+body ");
    close_stream(put);
    assert_told("free "); /* the handler never heard of it */
}

static void broken_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        char kind;
        size_t length, sent;
        bool ends;
        const char *told;
    } rows[] = {
        {"/bad", 'm', 1, 1, true, "open:call broken:PROTO_MALFORMED respond:203 "},
        {"/x", 'b', 1, 1, true, "open:call broken:PROTO_MALFORMED respond:203 "},
        {"/x", 'm', 2, 1, true, "open:call broken:PROTO_MALFORMED respond:203 "},
        {"/x", 'm', 101, 1, false, "open:call broken:MESSAGE_TOO_LARGE respond:208 "},
        {"/x", 'z', 9, 9, false, "open:call broken:COMPRESSION_INVALID respond:203 "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net_stream *s = open_stream("CALL", rows[i].path);
        net_stream_read(s, 100);
        send_part(s, rows[i].kind, rows[i].length, rows[i].sent);
        if (rows[i].ends) {
            send_end(s);
        }
        assert_told(rows[i].told);
        close_stream(s);
        assert_told("closed free ");
    }
}

static void a_message_is_lent_until_the_callback_returns(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    finish_in_message = true;
    net_stream_read(s, MIB);
    send_part(s, 'm', 1000, 1000);
    assert_told("open:call message:1000 respond:200 ");
    assert_int_equal(given_back, PREFIX + 1000);
    close_stream(s);
    assert_told("closed free ");
}

/* The window of a large message is opened for all of it, when there is room for all of it. */
static void windows_follow_the_message(void **state)
{
    (void)state;
    struct net_stream *a = open_stream("CALL", "/a");
    send_part(a, 'm', MIB, 1000);
    assert_int_equal(allowed, 0); /* a caller who is not known gets no more */
    assert_int_equal(given_back, 0);
    net_stream_read(a, MIB);
    run_turn();
    assert_int_equal(allowed, MIB - 1000 + BODY_LOOSE_MAX);
    assert_int_equal(given_back, PREFIX + 1000);
    struct net_stream *b = open_stream("CALL", "/b");
    struct net_stream *c = open_stream("CALL", "/c");
    net_stream_read(b, MIB);
    net_stream_read(c, MIB);
    send_part(b, 'm', MIB, 0);
    allowed = 0;
    send_part(c, 'm', MIB, 0);
    assert_int_equal(allowed, BODY_LOOSE_MAX - PREFIX); /* half of 4 MiB is taken */
    close_stream(a);
    run_turn();
    assert_int_equal(allowed, MIB + BODY_LOOSE_MAX);
    close_stream(b);
    close_stream(c);
    assert_int_equal(server->bodies.reserved, 0);
}

static void an_evicted_body_refuses_its_call(void **state)
{
    (void)state;
    struct net_stream *first = NULL;
    for (size_t i = 0; i < 2 * MIB / BODY_LOOSE_MAX; i++) {
        struct net_stream *s = open_stream("CALL", "/x");
        send_part(s, 'm', MIB, BODY_LOOSE_MAX - PREFIX);
        first = first == NULL ? s : first;
        story[0] = '\0';
    }
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), 2 * MIB);
    struct net_stream *last = open_stream("CALL", "/x");
    send_part(last, 'm', 100, 1);
    run_turn();
    assert_told("open:call broken:OVERLOADED respond:214 ");
    assert_int_equal(first->inward, NET_IN_DEAF);
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), 2 * MIB - BODY_LOOSE_MAX + 5);
}

/* Nobody waits while a megabyte is inflated: it takes several turns, and room that is counted. */
static void inflating_takes_turns(void **state)
{
    (void)state;
    struct bytes packed = {0};
    uint8_t *zeros = xcalloc(2 * MIB, 1);
    assert_true(gzip_pack(slice_of(zeros, 2 * MIB), &packed));
    struct slice z = bytes_view(&packed);
    const uint8_t prefix[PREFIX] = {'z', 0, (uint8_t)(z.len >> 8), (uint8_t)z.len};
    struct net_stream *s = open_stream("CALL", "/x");
    net_stream_took_body(s, slice_of(prefix, PREFIX));
    net_stream_took_body(s, z);
    net_streams_deliver(conn);
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), PREFIX + z.len);
    net_stream_read(s, 2 * MIB);
    int turns = 0;
    while (message_bytes == 0) {
        run_turn();
        turns++;
        assert_in_range(server->inflated, 0, MIB); /* per turn */
        if (turns == 2) {
            assert_in_range(metric_value(M_NET_BODY_BYTES, NULL, NULL), MIB, 2 * MIB);
            assert_true(server->bodies.reserved > MIB);
        }
        assert_true(turns < 10);
    }
    assert_in_range(turns, 4, 5);
    assert_int_equal(message_bytes, 2 * MIB);
    assert_int_equal(server->bodies.reserved, 0);
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), 0);
    bytes_free(&packed);
    xfree(zeros);
}

static void a_lost_connection_closes_its_streams(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    (void)open_stream("CALL", "/y");
    net_stream_read(s, 2 * MIB);
    send_part(s, 'm', MIB, 5);
    story[0] = '\0';
    conn_close(conn, "test");
    assert_told("closed free closed free stop ");
    assert_int_equal(server->conn_count, 0);
    assert_int_equal(server->bodies.reserved, 0);
}

static void bytes_go_in_and_out(void **state)
{
    (void)state;
    char got[8];
    assert_int_equal(write(peer, "xyz", 3), 3);
    run_a_while();
    assert_int_equal(read(peer, got, sizeof got), 3);
    assert_int_equal(write(peer, "!", 1), 1);
    run_a_while();
    assert_told("stop ");
    assert_int_equal(read(peer, got, sizeof got), 1); /* the last word is still said */
    assert_int_equal(metric_value(M_CONNECTIONS_TOTAL, "protocol", NULL), 1);
}

static void drained(void *ctx)
{
    (void)ctx;
    tell("drained ");
    loop_stop(loop);
}

static void a_drain_has_two_steps(void **state)
{
    (void)state;
    net_server_drain(server, 5000, drained, NULL);
    assert_told("announce ");
    assert_int_equal(conn->state, CONN_OPEN);
    loop_run(loop);
    assert_told("refuse stop drained ");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_by_the_tables),
        TEST(a_status_alone_has_no_body),
        TEST(what_no_framing_takes),
        TEST(broken_bodies),
        TEST(a_message_is_lent_until_the_callback_returns),
        TEST(windows_follow_the_message),
        TEST(an_evicted_body_refuses_its_call),
        TEST(inflating_takes_turns),
        TEST(a_lost_connection_closes_its_streams),
        TEST(bytes_go_in_and_out),
        TEST(a_drain_has_two_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

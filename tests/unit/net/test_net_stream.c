/* SPDX-License-Identifier: Apache-2.0 */
#include "net_fixture.h"

#include "base/mem.h"
#include "net/gzip.h"
#include "obs/metrics.h"

static void a_call_by_the_tables(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    assert_told("open:call ");
    send_part(s, 'm', 3, 3);
    send_end(s);
    assert_told(""); /* nothing of the body before it is asked for */
    assert_int_equal(net.given_back, 0);
    net_stream_read(s, 100);
    assert_told(""); /* and not from within */
    run_turn();
    assert_told("message:3 end ");
    assert_int_equal(net.given_back, PREFIX + 3);
    net_stream_send(s, slice_str("a"));
    net_stream_send(s, slice_str("b"));
    net_stream_finish(s, GRPC_OK, NULL, SLICE_NONE);
    assert_told("respond:200+body resume resume ");
    assert_true(slice_eq_str(bytes_view(&s->out), "ab"));
    assert_int_equal(s->trailers.count, 1);
    close_stream(s);
    assert_told("closed free ");
}

static void messages_are_taken_one_by_one(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    net_stream_read(s, 100);
    send_part(s, 'm', 3, 3);
    run_turn();
    assert_told("open:call message:3 ");
    net_stream_hold(s);
    send_part(s, 'm', 4, 4);
    send_end(s);
    run_turn();
    assert_told("");
    net_stream_hold(s); /* no matter how often */
    net_stream_read(s, 100);
    run_turn();
    assert_told("message:4 end ");
    net_stream_hold(s); /* nor when there is nothing left to hold */
    net_stream_finish(s, GRPC_OK, NULL, SLICE_NONE);
    close_stream(s);
    run_turn();
    net.story[0] = '\0';
}

static void answers_are_compressed_where_it_pays(void **state)
{
    (void)state;
    static const uint8_t zeros[MIB];
    static const struct {
        const char *path;
        size_t len;
        const char *told;
    } rows[] = {
        {"/gzip", 1023, "respond:200+body "},
        {"/gzip", 1024, "packed respond:200+body "},
        {"/gzip", 128 * 1024, "packed respond:200+body "},
        {"/gzip", 128 * 1024 + 1, "respond:200+body "}, /* the loop would stand still */
        {"/x", 1024, "respond:200+body "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct net_stream *s = open_stream("CALL", rows[i].path);
        assert_told("open:call ");
        net_stream_send(s, slice_of(zeros, rows[i].len));
        assert_told(rows[i].told);
        close_stream(s);
        assert_told("closed free ");
    }
}

static void a_status_alone_has_no_body(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    net_stream_finish(s, GRPC_NOT_FOUND, NULL, SLICE_NONE);
    assert_told("open:call respond:205 ");
    send_part(s, 'm', 3, 3); /* thrown away at once */
    assert_int_equal(net.given_back, PREFIX + 3);
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
    struct net_stream *head = open_stream("HEAD", "/page");
    assert_told("open ");
    net_stream_reply_http(head, 404, "text/plain", slice_str("no\n"));
    assert_told("respond:404 ");
    close_stream(head);
    assert_told("closed free ");
    struct net_stream *nothing = open_stream(NULL, "/x");
    assert_told("respond:400+body ");
    close_stream(nothing);
    assert_told("free "); /* the handler never heard of it */
}

static void more_calls_than_the_server_takes(void **state)
{
    (void)state;
    struct net_stream *s = NULL;
    for (size_t i = 0; i < CALLS_MAX; i++) {
        s = open_stream("CALL", "/x");
        assert_told("open:call ");
    }
    struct net_stream *refused = open_stream("CALL", "/x");
    assert_told("respond:214 ");
    struct net_stream *page = open_stream("GET", "/livez");
    assert_told("open "); /* pages are still served */
    close_stream(page);
    assert_told("closed free ");
    send_part(refused, 'm', 3, 3);
    close_stream(refused);
    assert_told("free ");
    close_stream(s);
    assert_told("closed free ");
    (void)open_stream("CALL", "/x");
    assert_told("open:call ");
}

static void broken_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *path, *told;
        size_t length, sent;
        char kind;
        bool ends;
    } rows[] = {
        {"/bad", "open:call broken:FRAMING_BROKEN respond:213 ", 1, 1, 'm', true},
        {"/x", "open:call broken:FRAMING_BROKEN respond:213 ", 1, 1, 'b', true},
        {"/x", "open:call broken:FRAMING_BROKEN respond:213 ", 2, 1, 'm', true},
        {"/x", "open:call broken:MESSAGE_TOO_LARGE respond:208 ", 101, 1, 'm', false},
        {"/x", "open:call broken:COMPRESSION_INVALID respond:213 ", 9, 9, 'z', false},
        {"/identity", "open:call broken:FRAMING_BROKEN respond:213 ", 9, 9, 'z', false},
        {"/unknown", "open:call broken:COMPRESSION_UNSUPPORTED respond:212 ", 9, 0, 'z', false},
        {"/unknown", "open:call broken:COMPRESSION_UNSUPPORTED respond:212 ", 9, 9, 'm', true},
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
    net.finish_in_message = true;
    net_stream_read(s, MIB);
    send_part(s, 'm', 1000, 1000);
    assert_told("open:call message:1000 respond:200 ");
    assert_int_equal(net.given_back, PREFIX + 1000);
    close_stream(s);
    assert_told("closed free ");
}

/* The window of a large message is opened for all of it, when there is room for all of it. */
static void windows_follow_the_message(void **state)
{
    (void)state;
    struct net_stream *a = open_stream("CALL", "/a");
    send_part(a, 'm', MIB, 1000);
    assert_int_equal(net.allowed, 0); /* a caller who is not known gets no more */
    assert_int_equal(net.given_back, 0);
    net_stream_read(a, MIB);
    run_turn();
    assert_int_equal(net.allowed, MIB - 1000 + BODY_LOOSE_MAX);
    assert_int_equal(net.given_back, PREFIX + 1000);
    struct net_stream *b = open_stream("CALL", "/b");
    struct net_stream *c = open_stream("CALL", "/c");
    net_stream_read(b, MIB);
    net_stream_read(c, MIB);
    send_part(b, 'm', MIB, 0);
    net.allowed = 0;
    send_part(c, 'm', MIB, 0);
    assert_int_equal(net.allowed, BODY_LOOSE_MAX - PREFIX); /* half of 4 MiB is taken */
    close_stream(a);
    run_turn();
    assert_int_equal(net.allowed, MIB + BODY_LOOSE_MAX);
    close_stream(b);
    close_stream(c);
    assert_int_equal(net.server->bodies.reserved, 0);
}

static void an_evicted_body_refuses_its_call(void **state)
{
    (void)state;
    struct net_stream *first = NULL;
    conn_slots_set_known(net.conn); /* strangers have fewer streams than this takes */
    for (size_t i = 0; i < 2 * MIB / BODY_LOOSE_MAX; i++) {
        struct net_stream *s = open_stream("CALL", "/x");
        send_part(s, 'm', MIB, BODY_LOOSE_MAX - PREFIX);
        first = first == NULL ? s : first;
        net.story[0] = '\0';
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
    net_streams_deliver(net.conn);
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), PREFIX + z.len);
    net_stream_read(s, 2 * MIB);
    int turns = 0;
    while (net.message_bytes == 0) {
        run_turn();
        turns++;
        assert_in_range(net.server->inflated, 0, MIB); /* per turn */
        if (turns == 2) {
            assert_in_range(metric_value(M_NET_BODY_BYTES, NULL, NULL), MIB, 2 * MIB);
            assert_true(net.server->bodies.reserved > MIB);
        }
        assert_true(turns < 10);
    }
    assert_in_range(turns, 4, 5);
    assert_int_equal(net.message_bytes, 2 * MIB);
    assert_int_equal(net.server->bodies.reserved, 0);
    assert_int_equal(metric_value(M_NET_BODY_BYTES, NULL, NULL), 0);
    bytes_free(&packed);
    xfree(zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(a_call_by_the_tables),
        NET_TEST(messages_are_taken_one_by_one),
        NET_TEST(answers_are_compressed_where_it_pays),
        NET_TEST(a_status_alone_has_no_body),
        NET_TEST(what_no_framing_takes),
        NET_TEST(more_calls_than_the_server_takes),
        NET_TEST(broken_bodies),
        NET_TEST(a_message_is_lent_until_the_callback_returns),
        NET_TEST(windows_follow_the_message),
        NET_TEST(an_evicted_body_refuses_its_call),
        NET_TEST(inflating_takes_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

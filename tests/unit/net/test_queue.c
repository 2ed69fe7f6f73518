/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that nobody reads. */
#include "net_fixture.h"

#include "base/mem.h"
#include "obs/metrics.h"

enum { LARGE = 1 * MIB, CONN_MAX = 4 * MIB, STALL_MS = 60 };

static int set_up(void **state)
{
    (void)state;
    return net_fixture_start(&(struct net_config){.max_calls = CALLS_MAX,
                                                  .max_body_bytes = 4 * MIB,
                                                  .max_queue_bytes = 8 * MIB,
                                                  .stall_timeout_ms = STALL_MS,
                                                  .handshake_timeout_ms = STALL_MS});
}

static int tear_down(void **state)
{
    int result = net_fixture_tear_down(state);
    assert_int_equal(metric_value(M_NET_QUEUED_BYTES, NULL, NULL), 0);
    return result;
}

static struct slice page(size_t len)
{
    static const uint8_t bytes[LARGE];
    return slice_of(bytes, len);
}

static struct net_stream *answered(size_t len, bool is_known)
{
    struct net_stream *s = open_stream("CALL", "/identity");
    if (is_known) {
        net_stream_set_known(s, (struct uuid){{0}});
    }
    net_stream_send(s, page(len));
    net_stream_finish(s, GRPC_OK, NULL, SLICE_NONE);
    return s;
}

static void one_connection_holds_four_mebibytes(void **state)
{
    (void)state;
    for (int i = 0; i < CONN_MAX / LARGE; i++) {
        assert_false(answered(LARGE, true)->is_unread);
    }
    net.story[0] = '\0';
    assert_true(answered(LARGE, true)->is_unread);
    assert_int_equal(reason_info(R_ANSWERS_UNREAD)->code, GRPC_RESOURCE_EXHAUSTED);
    assert_told("open:call respond:208 "); /* by that, and not OK without its message */
    assert_false(answered(100, true)->is_unread);
    assert_int_equal(net.conn->queued, CONN_MAX + 100);
}

static void strangers_have_a_quarter(void **state)
{
    (void)state;
    assert_false(answered(LARGE, false)->is_unread);
    assert_false(answered(LARGE, false)->is_unread);
    assert_true(answered(LARGE, false)->is_unread);
    assert_false(answered(LARGE, true)->is_unread); /* it is known who they are now */
    assert_int_equal(net.server->strangers_queue, 0);
    assert_int_equal(net.server->known_queue, 3 * LARGE);
}

static void a_page_without_room_is_not_sent(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct net_stream *s = open_stream("GET", "/metrics");
        net_stream_reply_http(s, 200, "text/plain", page(LARGE));
    }
    assert_told("open respond:200+body open respond:200+body open respond:503+body ");
}

static void what_was_taken_makes_room(void **state)
{
    (void)state;
    struct net_stream *s = answered(LARGE, false);
    (void)answered(LARGE, false);
    net_stream_took_answer(s, LARGE);
    assert_int_equal(net.server->strangers_queue, LARGE);
    assert_false(answered(LARGE, false)->is_unread);
}

/* Once, from the loop, and not while the protocol asks for bytes. */
static void room_is_told_when_half_of_it_was_taken(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/identity");
    net_stream_set_known(s, (struct uuid){{0}});
    net_stream_send(s, page(2 * NET_STREAM_QUEUE_MAX));
    net_stream_await_room(s);
    run_turn();
    net.story[0] = '\0';
    net_stream_took_answer(s, NET_STREAM_QUEUE_MAX);
    run_turn();
    assert_told("");
    net_stream_took_answer(s, NET_STREAM_QUEUE_MAX);
    assert_told("");
    run_turn();
    assert_told("room ");
    net_stream_send(s, page(100));
    net_stream_took_answer(s, 50);
    run_turn();
    assert_told("resume ");
}

static void room_that_is_there_is_told_from_the_loop(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/identity");
    net.story[0] = '\0';
    net_stream_await_room(s);
    assert_told("");
    run_turn();
    assert_told("room ");
}

static bool is_gone(void)
{
    for (int i = 0; i < 40 && net.server->conn_count > 0; i++) {
        run_a_while();
    }
    return net.server->conn_count == 0;
}

static void whoever_does_not_read_is_cut(void **state)
{
    (void)state;
    (void)answered(LARGE, false);
    assert_true(is_gone());
    assert_int_equal(metric_value(M_CONNECTIONS_TOTAL, "stalled", NULL), 1);
}

static void whoever_reads_slowly_is_not(void **state)
{
    (void)state;
    struct net_stream *s = answered(LARGE, false);
    for (int i = 0; i < 40; i++) {
        run_a_while();
        net_stream_took_answer(s, 20 * 1024);
    }
    assert_int_equal(net.server->conn_count, 1);
}

static void whoever_waits_for_nothing_is_not(void **state)
{
    (void)state;
    (void)open_stream("CALL", "/identity");
    assert_false(is_gone());
}

static void headers_must_come_to_an_end(void **state)
{
    (void)state;
    struct net_stream *s = xcalloc(1, sizeof *s);
    net_stream_init(s, net.conn);
    assert_true(is_gone());
    assert_int_equal(metric_value(M_CONNECTIONS_TOTAL, "timeout", NULL), 1);
}

int main(void)
{
#define QUEUE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        QUEUE_TEST(one_connection_holds_four_mebibytes),
        QUEUE_TEST(strangers_have_a_quarter),
        QUEUE_TEST(a_page_without_room_is_not_sent),
        QUEUE_TEST(what_was_taken_makes_room),
        QUEUE_TEST(room_is_told_when_half_of_it_was_taken),
        QUEUE_TEST(room_that_is_there_is_told_from_the_loop),
        QUEUE_TEST(whoever_does_not_read_is_cut),
        QUEUE_TEST(whoever_reads_slowly_is_not),
        QUEUE_TEST(whoever_waits_for_nothing_is_not),
        QUEUE_TEST(headers_must_come_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

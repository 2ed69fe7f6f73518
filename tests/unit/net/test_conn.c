/* SPDX-License-Identifier: Apache-2.0 */
#include "net_fixture.h"

#include <unistd.h>

#include "obs/metrics.h"

static void a_lost_connection_closes_its_streams(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    (void)open_stream("CALL", "/y");
    net_stream_read(s, 2 * MIB);
    send_part(s, 'm', MIB, 5);
    net.story[0] = '\0';
    conn_close(net.conn, "test");
    assert_told("closed free closed free stop ");
    assert_int_equal(net.server->conn_count, 0);
    assert_int_equal(net.server->bodies.reserved, 0);
}

static void bytes_go_in_and_out(void **state)
{
    (void)state;
    char got[8];
    assert_int_equal(write(net.peer, "xyz", 3), 3);
    run_a_while();
    assert_int_equal(read(net.peer, got, sizeof got), 3);
    assert_int_equal(write(net.peer, "!", 1), 1);
    run_a_while();
    assert_told("stop ");
    assert_int_equal(read(net.peer, got, sizeof got), 1); /* the last word is still said */
    assert_int_equal(metric_value(M_CONNECTIONS_TOTAL, "protocol", NULL), 1);
}

/* What the socket does not take at once is written when it does. */
static void a_slow_reader_gets_everything(void **state)
{
    (void)state;
    static uint8_t page[2 * MIB], got[2 * MIB];
    size_t n = 0;
    page[sizeof page - 1] = 'z';
    bytes_add(&net.answer, slice_of(page, sizeof page));
    conn_schedule_flush(net.conn);
    run_a_while();
    assert_true(net.conn->write_blocked);
    while (n < sizeof got) {
        ssize_t more = read(net.peer, got + n, sizeof got - n);
        n += more > 0 ? (size_t)more : 0;
        if (more <= 0) {
            run_turn();
            run_a_while();
        }
    }
    assert_int_equal(got[n - 1], 'z');
    assert_false(net.conn->write_blocked);
    assert_null(net.conn->out); /* an idle connection has no buffer */
}

static void the_protocol_says_when_it_is_over(void **state)
{
    (void)state;
    char got[8];
    assert_int_equal(write(net.peer, "q", 1), 1);
    run_a_while();
    assert_told("stop ");
    assert_int_equal(read(net.peer, got, sizeof got), 1);
    assert_int_equal(read(net.peer, got, sizeof got), 0);
    assert_int_equal(metric_value(M_CONNECTIONS_TOTAL, "done", NULL), 1);
}

static void drained(void *ctx)
{
    (void)ctx;
    tell("drained ");
    loop_stop(net.loop);
}

static void a_drain_has_two_steps(void **state)
{
    (void)state;
    net_server_drain(net.server, 5000, drained, NULL);
    assert_told("announce ");
    assert_int_equal(net.conn->state, CONN_OPEN);
    loop_run(net.loop);
    assert_told("refuse stop drained ");
}

/* An answer may be held until its request has come, but not for long, and not by a drain either. */
static void an_answer_is_not_held_for_long(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    net_stream_finish(s, GRPC_OK, NULL, SLICE_NONE);
    run_a_while();
    assert_int_equal(net.answered_now, 0);
    for (int i = 0; i < 100 && net.answered_now == 0; i++) {
        run_a_while();
    }
    assert_true(net.answered_now > 0);
    close_stream(s);
}

static void a_drain_does_not_hold_an_answer(void **state)
{
    (void)state;
    struct net_stream *s = open_stream("CALL", "/x");
    net_stream_finish(s, GRPC_OK, NULL, SLICE_NONE);
    net_server_drain(net.server, 5000, drained, NULL);
    for (int i = 0; i < 100 && net.answered_now == 0; i++) {
        run_a_while();
    }
    assert_true(net.answered_now > 0);
    close_stream(s);
    net_server_drain(net.server, 0, drained, NULL);
    loop_run(net.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(a_lost_connection_closes_its_streams),
        NET_TEST(bytes_go_in_and_out),
        NET_TEST(a_slow_reader_gets_everything),
        NET_TEST(the_protocol_says_when_it_is_over),
        NET_TEST(a_drain_has_two_steps),
        NET_TEST(an_answer_is_not_held_for_long),
        NET_TEST(a_drain_does_not_hold_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

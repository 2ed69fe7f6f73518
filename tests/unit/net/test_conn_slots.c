/* SPDX-License-Identifier: Apache-2.0 */
/* Who may stay when there is no room. */
#include "net_fixture.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "obs/metrics.h"

enum { CONNECTIONS_MAX = 8, STRANGERS_SHARE = 4, OPENED_MAX = 64 };

static int peers[OPENED_MAX];
static size_t opened;

static int set_up(void **state)
{
    (void)state;
    opened = 0;
    return net_fixture_start(&(struct net_config){.max_connections = CONNECTIONS_MAX,
                                                  .max_calls = STRANGERS_SHARE * 4,
                                                  .max_body_bytes = 4 * MIB});
}

static int tear_down(void **state)
{
    int result = net_fixture_tear_down(state);
    for (size_t i = 0; i < opened; i++) {
        close(peers[i]);
    }
    return result;
}

static struct sockaddr_storage ipv4(uint32_t host)
{
    struct sockaddr_storage from = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
    memcpy(&from, &in, sizeof in);
    return from;
}

static struct sockaddr_storage ipv6(uint8_t network, uint8_t host)
{
    struct sockaddr_storage from = {0};
    struct sockaddr_in6 in = {.sin6_family = AF_INET6};
    in.sin6_addr.s6_addr[0] = 0x20;
    in.sin6_addr.s6_addr[7] = network;
    in.sin6_addr.s6_addr[15] = host;
    memcpy(&from, &in, sizeof in);
    return from;
}

/* As the listener does it: NULL when there is no room. */
static struct net_conn *come(struct sockaddr_storage from)
{
    int fds[2];
    if (!conn_slots_make_room(net.server, &from)) {
        return NULL;
    }
    assert_true(opened < OPENED_MAX);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    peers[opened++] = fds[1];
    conn_accept(net.server, fds[0], NULL, &(struct conn_origin){from, "test", 0});
    net.story[0] = '\0';
    return net.conn;
}

/* Asked at the other end, because memory of a connection that has gone is used again. */
static bool is_open(size_t number)
{
    char byte;
    return recv(peers[number], &byte, sizeof byte, MSG_PEEK) != 0;
}

/* A call of it was authenticated, and is over unless it stays. */
static struct net_stream *call(struct net_conn *conn, bool stays)
{
    net.conn = conn;
    struct net_stream *s = open_stream("CALL", "/x");
    net_stream_set_known(s, (struct uuid){{0}});
    if (!stays) {
        net_stream_finish(s, GRPC_OK, NULL, SLICE_NONE);
        close_stream(s);
    }
    return s;
}

static unsigned evicted(void)
{
    return (unsigned)metric_value(M_CONNECTIONS_TOTAL, "evicted", NULL);
}

static void strangers_of_one_address_drive_out_each_other(void **state)
{
    (void)state;
    (void)come(ipv4(1));
    (void)come(ipv4(1));
    (void)come(ipv4(2));
    assert_int_equal(evicted(), 0);
    assert_non_null(come(ipv4(1)));
    assert_false(is_open(0));
    assert_true(is_open(1) && is_open(2));
    assert_int_equal(evicted(), 1);
}

static void one_network_of_ipv6_is_one_address(void **state)
{
    (void)state;
    (void)come(ipv6(1, 1));
    (void)come(ipv6(1, 2));
    (void)come(ipv6(2, 3));
    assert_int_equal(evicted(), 0);
    (void)come(ipv6(1, 4));
    assert_false(is_open(0));
}

/* Whoever has called doesn't count among the strangers of their address. */
static void those_who_are_known_share_an_address(void **state)
{
    (void)state;
    for (int i = 0; i < CONNECTIONS_MAX - 1; i++) {
        (void)call(come(ipv4(1)), false);
    }
    assert_int_equal(evicted(), 0);
    assert_int_equal(net.server->slots.stranger_count, 1); /* the fixture's */
}

static void many_strangers_go_before_anybody_else(void **state)
{
    (void)state;
    (void)call(come(ipv4(1)), false);
    for (uint32_t i = 2; net.server->conn_count < CONNECTIONS_MAX; i++) {
        (void)come(ipv4(i));
    }
    for (uint32_t i = 100; i < 120; i++) {
        assert_non_null(come(ipv4(i)));
        assert_true(is_open(0));
    }
    assert_int_equal(net.server->conn_count, CONNECTIONS_MAX);
}

static void the_longest_idle_goes_for_a_newcomer(void **state)
{
    (void)state;
    struct net_conn *busy = come(ipv4(1));
    struct net_stream *s = call(busy, true);
    struct net_conn *first = come(ipv4(2));
    (void)call(first, false);
    for (uint32_t i = 3; net.server->conn_count < CONNECTIONS_MAX; i++) {
        (void)call(come(ipv4(i)), false);
    }
    (void)call(first, false); /* the next one has not called for the longest now */
    assert_non_null(come(ipv4(50)));
    assert_false(is_open(2));
    assert_true(is_open(0) && is_open(1));
    net.conn = busy;
    close_stream(s);
}

static void whoever_works_stays(void **state)
{
    (void)state;
    struct net_stream *streams[CONNECTIONS_MAX];
    for (uint32_t i = 0; i < CONNECTIONS_MAX; i++) {
        struct net_conn *conn = i == 0 ? net.conn : come(ipv4(i));
        streams[i] = call(conn, true);
    }
    assert_null(come(ipv4(50)));
    assert_int_equal(net.server->conn_count, CONNECTIONS_MAX);
    assert_int_equal(evicted(), 0);
    for (uint32_t i = 0; i < CONNECTIONS_MAX; i++) {
        net.conn = streams[i]->conn;
        close_stream(streams[i]);
    }
}

static void streams_of_strangers_are_a_part_of_all(void **state)
{
    (void)state;
    struct net_conn *first = come(ipv4(1)), *second = come(ipv4(2));
    for (int i = 0; i < STRANGERS_SHARE; i++) {
        net.conn = first;
        (void)open_stream("CALL", "/x");
    }
    run_turn();
    assert_true(is_open(0));
    net.conn = second;
    (void)open_stream("CALL", "/x");
    run_turn();
    assert_false(is_open(0));
    assert_true(is_open(1));
    assert_int_equal(net.server->slots.stranger_streams, 1);
}

static struct uuid party_of(struct sockaddr_storage from)
{
    net.conn = come(from);
    return net_stream_party(open_stream("CALL", "/x"));
}

/* Many connections give a stranger no more turns than one, and what was proven is whose they are. */
static void strangers_of_a_network_are_one_party(void **state)
{
    (void)state;
    static const struct sockaddr_storage nowhere = {.ss_family = AF_UNIX};
    struct uuid first = party_of(ipv4(0x0a000001));
    assert_true(uuid_eq(first, party_of(ipv4(0x0a000001))));
    assert_false(uuid_eq(first, party_of(ipv4(0x0a000002))));
    assert_true(uuid_eq(party_of(ipv6(1, 1)), party_of(ipv6(1, 2))));
    assert_false(uuid_eq(party_of(ipv6(2, 1)), party_of(ipv6(3, 1))));
    assert_false(uuid_eq(party_of(nowhere), party_of(nowhere)));
}

static void who_was_authenticated_is_the_connections_party(void **state)
{
    (void)state;
    static const struct uuid proven = {{7}}, another = {{8}};
    net.conn = come(ipv4(0x0a000001));
    struct net_stream *s = open_stream("CALL", "/x");
    net_stream_set_known(s, proven);
    assert_true(uuid_eq(net_stream_party(open_stream("CALL", "/x")), proven));
    net_stream_set_known(s, another);
    assert_true(uuid_eq(net_stream_party(open_stream("CALL", "/x")), another));
}

int main(void)
{
#define SLOT_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SLOT_TEST(strangers_of_one_address_drive_out_each_other),
        SLOT_TEST(one_network_of_ipv6_is_one_address),
        SLOT_TEST(those_who_are_known_share_an_address),
        SLOT_TEST(many_strangers_go_before_anybody_else),
        SLOT_TEST(the_longest_idle_goes_for_a_newcomer),
        SLOT_TEST(whoever_works_stays),
        SLOT_TEST(streams_of_strangers_are_a_part_of_all),
        SLOT_TEST(strangers_of_a_network_are_one_party),
        SLOT_TEST(who_was_authenticated_is_the_connections_party),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

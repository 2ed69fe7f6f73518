/* SPDX-License-Identifier: Apache-2.0 */
/* A server and one connection by their tables: a protocol, a framing and a handler that write down what they are asked
 * and told, so that what conn.c and net_stream.c do is seen without HTTP/2 and gRPC.
 *
 * The protocol gives back what comes from the socket; "!" is broken, "q" the end. Streams are made by open_stream.
 * The framing is a letter, 'm' or 'z' (compressed), and a length of three bytes; 'b' is broken. Its calls have the
 * method CALL; "/bad" has bad headers, "/identity" and "/unknown" say how their messages are compressed, others
 * are by gzip; "/gzip" accepts answers by gzip.
 * The method WHOLE is that of another framing, whose body is one message and whose trailers stand in the head behind
 * "t-". */
#pragma once

#include "chancery_test.h"

#include "net/conn.h"
#include "net/net_stream.h"
#include "net/server.h"

enum { MIB = 1024 * 1024, CALLS_MAX = 150, PREFIX = 4 };

struct net_fixture {
    struct loop *loop;
    struct net_server *server;
    struct net_conn *conn;
    struct bytes answer; /* that the protocol has to write */
    int peer;            /* the other end of the socket */
    char story[512];     /* what was asked and told, in order, since the last assert_told */
    size_t given_back, allowed, message_bytes;
    unsigned answered_now;  /* how often an answer was not to be held any longer */
    bool finish_in_message; /* answer from within the callback */
    bool is_over, is_quiet;
    struct net_head head; /* of the last answer */
};
extern struct net_fixture net;

int net_fixture_set_up(void **state);
/* The same for a server with its own bounds. */
int net_fixture_start(const struct net_config *bounds);
int net_fixture_tear_down(void **state);
#define NET_TEST(f) cmocka_unit_test_setup_teardown(f, net_fixture_set_up, net_fixture_tear_down)

void tell(const char *format, ...) PRINTF_LIKE(1, 2);
/* Compare with what was told since the last time. */
void assert_told(const char *expected);
/* Run one turn, so that what was deferred runs. */
void run_turn(void);
/* Run for some turns in which sockets are looked at. */
void run_a_while(void);

/* A stream of net.conn, which a test may set. */
struct net_stream *open_stream(const char *method, const char *path);
/* A message that says to be `length` long; `sent` bytes of it come. */
void send_part(struct net_stream *s, char kind, size_t length, size_t sent);
void send_end(struct net_stream *s);
void close_stream(struct net_stream *s);

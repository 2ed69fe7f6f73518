/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/loop.h"
#include "net/conn.h"
#include "net/grpc/grpc_framing.h"
#include "net/http2/http2_protocol.h"
#include "net/server.h"

static void cleartext_needs_loopback(void **state)
{
    (void)state;
    struct err err = {0};
    int fd;
    static const struct net_config config = {.protocols = {&HTTP2_PROTOCOL},
                                             .framings = {&GRPC_FRAMING}};
    static const struct net_handler handler;
    struct loop *loop = loop_new();
    struct net_server *server = net_server_new(loop, &config, &handler);
    assert_ok(net_listen("0.0.0.0:0", true, &fd, &err), &err);
    assert_fails(net_server_listen(server, fd, NULL, 0, &err), &err, R_CONFIG_INVALID);
    assert_ok(net_listen("127.0.0.1:0", true, &fd, &err), &err);
    assert_ok(net_server_listen(server, fd, NULL, 0, &err), &err);
    assert_ok(net_listen("[::1]:0", true, &fd, &err), &err);
    assert_ok(net_server_listen(server, fd, NULL, 0, &err), &err);
    assert_fails(net_listen("localhost:1", true, &fd, &err), &err, R_CONFIG_INVALID);
    assert_fails(net_listen("127.0.0.1", true, &fd, &err), &err, R_CONFIG_INVALID);
    assert_fails(net_listen("192.0.2.1:1", true, &fd, &err), &err, R_STARTUP_FAILED);
    assert_fails(net_listen("127.0.0.1:99999", true, &fd, &err), &err, R_CONFIG_INVALID);
    assert_fails(net_listen("127.0.0.1:65536", true, &fd, &err), &err, R_CONFIG_INVALID);
    assert_fails(net_listen("127.0.0.1:-1", true, &fd, &err), &err, R_CONFIG_INVALID);
    assert_fails(net_listen("127.0.0.1:", true, &fd, &err), &err, R_CONFIG_INVALID);
    net_server_free(server);
    loop_free(loop);
}

static void stop_loop(struct loop_timer *timer)
{
    loop_stop(timer->loop);
}

/* What is never acknowledged ends the connection, as gRPC has it (gRFC A18). */
static void sent_data_is_acknowledged_in_time(void **state)
{
    (void)state;
    static const struct net_config config = {
        .protocols = {&HTTP2_PROTOCOL}, .framings = {&GRPC_FRAMING}, .keepalive_timeout_ms = 4321};
    static const struct net_handler handler;
    struct err err = {0};
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    int fd, client = socket(AF_INET, SOCK_STREAM, 0);
    unsigned timeout_ms = 0;
    struct loop *loop = loop_new();
    struct loop_timer timer;
    struct net_server *server = net_server_new(loop, &config, &handler);
    assert_ok(net_listen("127.0.0.1:0", true, &fd, &err), &err);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    assert_ok(net_server_listen(server, fd, NULL, 0, &err), &err);
    assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
    loop_timer_init(&timer, loop, stop_loop);
    loop_timer_arm(&timer, 30);
    loop_run(loop);
    assert_int_equal(net_server_connections(server), 1);
    const struct net_conn *conn = LIST_ENTRY(server->conns.next, struct net_conn, link);
    len = sizeof timeout_ms;
    assert_int_equal(getsockopt(conn->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, &len), 0);
    assert_int_equal(timeout_ms, 4321);
    close(client);
    loop_timer_fini(&timer);
    net_server_free(server);
    loop_free(loop);
}

static void a_port_has_one_server(void **state)
{
    (void)state;
    struct err err = {0};
    char bound[128];
    int first, second, other;
    assert_ok(net_listen("127.0.0.1:0", true, &first, &err), &err);
    net_bound_address(first, bound, sizeof bound);
    assert_ok(net_listen(bound, false, &second, &err), &err); /* its next worker's */
    assert_fails(net_listen(bound, true, &other, &err), &err, R_STARTUP_FAILED);
    close(first);
    close(second);
}

static void a_path_is_taken_from_nobody(void **state)
{
    (void)state;
    struct err err = {0};
    char folder[] = "/tmp/chancery-listener-XXXXXX", address[64];
    int fd, other;
    assert_non_null(mkdtemp(folder));
    snprintf(address, sizeof address, "unix:%s/socket", folder);
    const char *path = address + strlen("unix:");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_fails(net_listen(address, true, &fd, &err), &err, R_STARTUP_FAILED);
    assert_int_equal(unlink(path), 0); /* it is still there */
    assert_ok(net_listen(address, true, &fd, &err), &err);
    assert_fails(net_listen(address, true, &other, &err), &err, R_STARTUP_FAILED);
    close(fd); /* as a crash does: the socket stays in its folder */
    assert_ok(net_listen(address, true, &fd, &err), &err);
    close(fd);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_has_one_server),
        cmocka_unit_test(a_path_is_taken_from_nobody),
        cmocka_unit_test(cleartext_needs_loopback),
        cmocka_unit_test(sent_data_is_acknowledged_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "chancery_test.h"

#include "loop/loop.h"
#include "net/grpc/grpc_framing.h"
#include "net/http2/http2_protocol.h"

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
    assert_ok(net_listen("0.0.0.0:0", &fd, &err), &err);
    assert_fails(net_server_listen(server, fd, NULL, &err), &err, R_CONFIG_INVALID);
    assert_ok(net_listen("127.0.0.1:0", &fd, &err), &err);
    assert_ok(net_server_listen(server, fd, NULL, &err), &err);
    assert_ok(net_listen("[::1]:0", &fd, &err), &err);
    assert_ok(net_server_listen(server, fd, NULL, &err), &err);
    assert_fails(net_listen("localhost:1", &fd, &err), &err, R_CONFIG_INVALID);
    assert_fails(net_listen("127.0.0.1", &fd, &err), &err, R_CONFIG_INVALID);
    assert_fails(net_listen("192.0.2.1:1", &fd, &err), &err, R_STARTUP_FAILED);
    net_server_free(server);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cleartext_needs_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

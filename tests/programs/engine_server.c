/* SPDX-License-Identifier: Apache-2.0 */
/* The call engine over the real transport, with the flows that need no database.
 *
 * usage: engine_server ADDRESS [quiet]   prints the bound address; SIGTERM drains */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "context/readiness.h"
#include "context/services.h"
#include "loop/loop.h"
#include "net/grpc/grpc_framing.h"
#include "net/http2/http2_protocol.h"
#include "net/net.h"
#include "obs/log.h"
#include "service/common/flows.h"

static struct loop *loop;
static struct net_server *server;
static struct rpc *rpc;
static struct readiness readiness;
static struct services services = {.readiness = &readiness};

static void drained(void *ctx)
{
    (void)ctx;
    loop_stop(loop);
}

static void on_term(struct loop_signal *signal)
{
    (void)signal;
    readiness_end(&readiness);
    rpc_end_streams(rpc);
    net_server_drain(server, 3000, drained, NULL);
}

int main(int argc, char **argv)
{
    static const struct net_config config = {.protocols = {&HTTP2_PROTOCOL},
                                             .framings = {&GRPC_FRAMING}};
    static const struct rpc_limits limits = {.max_deadline_ms = 3000};
    struct err err = {0};
    struct loop_signal term;
    char bound[128];
    int fd = -1;
    bool quiet = argc == 3 && strcmp(argv[2], "quiet") == 0;
    if (argc != 2 && !quiet) {
        fprintf(stderr, "usage: %s ADDRESS [quiet]\n", argv[0]);
        return 2;
    }
    log_configure(LOG_JSON, quiet ? LOG_WARNING : LOG_INFO);
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new();
    readiness_init(&readiness, R_NONE);
    rpc = rpc_new(loop, &services, NULL, &limits);
    rpc_register(rpc, &health_check_flow);
    rpc_register(rpc, &health_list_flow);
    rpc_register(rpc, &health_watch_flow);
    rpc_register(rpc, &reflection_flow);
    rpc_register(rpc, &reflection_v1alpha_flow);
    server = net_server_new(loop, &config, rpc_net_handler(rpc));
    if (!net_listen(argv[1], true, &fd, &err).ok ||
        !net_server_listen(server, fd, NULL, 0, &err).ok) {
        fprintf(stderr, "%s: %s\n", reason_info(err.reason)->name, err.detail);
        return 1;
    }
    net_bound_address(fd, bound, sizeof bound);
    printf("%s\n", bound);
    fflush(stdout);
    loop_signal_init(&term, loop, SIGTERM, on_term);
    loop_run(loop);
    loop_signal_fini(&term);
    net_server_free(server);
    rpc_free(rpc); /* asserts that no call is left */
    loop_free(loop);
    return 0;
}

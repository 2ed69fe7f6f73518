/* SPDX-License-Identifier: Apache-2.0 */
/* The transport alone: answers unary calls with their own message. Used by bench/run and by the
 * transport's end-to-end tests.
 *
 * usage: echo_server ADDRESS [CERTIFICATE KEY]   prints the bound address; SIGTERM drains
 *
 * /echo.Echo/Unary answers each message; /echo.Echo/Hang never answers; /echo.Echo/Fail refuses with a
 * status and details; GET /livez answers plain HTTP. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "loop/loop.h"
#include "net/net.h"

enum { MESSAGE_MAX = 1 << 20, DRAIN_MS = 5000 };

static struct loop *loop;
static struct net_server *server;
static char call_kind[] = "UHF"; /* a stream's user pointer says which method it calls */

static void on_open(void *ctx, struct net_stream *stream, const struct net_request *request)
{
    (void)ctx;
    if (!request->is_grpc) {
        net_stream_reply_http(stream, strcmp(request->path, "/livez") == 0 ? 200 : 404,
                              "text/plain", slice_str("ok\n"));
        return;
    }
    char *kind = strcmp(request->path, "/echo.Echo/Unary") == 0  ? &call_kind[0]
                 : strcmp(request->path, "/echo.Echo/Hang") == 0 ? &call_kind[1]
                                                                 : &call_kind[2];
    net_stream_set_user(stream, kind);
    net_stream_read(stream, MESSAGE_MAX);
}

static void on_message(void *ctx, struct net_stream *stream, struct slice message)
{
    (void)ctx;
    const char *kind = net_stream_user(stream);
    if (*kind == 'U') {
        net_stream_send(stream, message);
    }
}

static void on_end(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    const char *kind = net_stream_user(stream);
    if (*kind == 'U') {
        net_stream_finish(stream, GRPC_OK, NULL, SLICE_NONE);
    } else if (*kind == 'F') {
        net_stream_finish(stream, GRPC_PERMISSION_DENIED, "100% refused: \xc3\xa9",
                          slice_str("details"));
    }
}

static void on_broken(void *ctx, struct net_stream *stream, const struct err *err)
{
    (void)ctx;
    const struct reason_info *info = reason_info(err->reason);
    net_stream_finish(stream, info->code, info->text, SLICE_NONE);
}

static void on_closed(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    (void)stream;
}

static void drained(void *ctx)
{
    (void)ctx;
    loop_stop(loop);
}

static void on_term(struct loop_signal *signal)
{
    (void)signal;
    net_server_drain(server, DRAIN_MS, drained, NULL);
}

int main(int argc, char **argv)
{
    static const struct net_config config;
    const struct net_handler handler = {NULL, on_open, on_message, on_end, on_broken, on_closed};
    struct err err = {0};
    struct loop_signal term;
    int fd = -1;
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: %s ADDRESS [CERTIFICATE KEY]\n", argv[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new();
    server = net_server_new(loop, &config, &handler);
    const struct net_tls_config tls = {argc == 4 ? argv[2] : NULL, argc == 4 ? argv[3] : NULL,
                                       NULL};
    if (!net_listen(argv[1], &fd, &err).ok ||
        !net_server_listen(server, fd, argc == 4 ? &tls : NULL, &err).ok) {
        fprintf(stderr, "%s: %s\n", reason_info(err.reason)->name, err.detail);
        return 1;
    }
    char bound[128];
    net_bound_address(fd, bound, sizeof bound);
    printf("%s\n", bound);
    fflush(stdout);
    loop_signal_init(&term, loop, SIGTERM, on_term);
    loop_run(loop);
    loop_signal_fini(&term);
    net_server_free(server);
    loop_free(loop);
    return 0;
}

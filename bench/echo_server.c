/* SPDX-License-Identifier: Apache-2.0 */
/* The transport alone, for bench/run and for the transport's end-to-end tests.
 *
 * usage: echo_server ADDRESS [CERTIFICATE KEY]   prints the bound address; SIGTERM drains
 *
 * Methods of the service echo.Echo. A method that "learns of the body later" stands for a caller
 * who is still being checked:
 *
 *     Unary   answers each message with the same message
 *     Hang    never answers
 *     Fail    refuses with a status and details
 *     Count   answers each message, of up to 4 MiB, with its length as text
 *     Late    the same, but learns of the body 0.3 s later
 *     Unread  never learns of its body, and never answers
 *
 * GET /metrics shows the metrics; GET /livez answers plain HTTP. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "loop/loop.h"
#include "net/grpc/grpc_framing.h"
#include "net/http2/http2_protocol.h"
#include "net/net.h"
#include "obs/metrics.h"

enum { MIB = 1 << 20, DRAIN_MS = 5000, LATE_MS = 300, PAGE_BUDGET = 1 << 20 };

enum kind { UNARY, HANG, FAIL, COUNT, LATE, UNREAD };

struct method {
    const char *path;
    enum kind kind;
    size_t message_max;
};

static const struct method METHODS[] = {
    {"/echo.Echo/Unary", UNARY, MIB},   {"/echo.Echo/Hang", HANG, MIB},
    {"/echo.Echo/Fail", FAIL, MIB},     {"/echo.Echo/Count", COUNT, 4 * MIB},
    {"/echo.Echo/Late", LATE, 4 * MIB}, {"/echo.Echo/Unread", UNREAD, 0},
};

/* A call that hears later of its body. */
struct late {
    const struct method *method; /* first: a stream's user pointer says which method it calls */
    struct net_stream *stream;
    struct loop_timer timer;
};

static struct loop *loop;
static struct net_server *server;

static void show_metrics(struct net_stream *stream)
{
    struct arena *arena = arena_new(PAGE_BUDGET);
    struct buf text;
    struct slice body = SLICE_NONE;
    buf_init(&text, arena);
    metrics_write(&text);
    bool ok = buf_finish(&text, &body, NULL).ok;
    net_stream_reply_http(stream, ok ? 200 : 500, "text/plain; version=0.0.4", body);
    arena_free(arena);
}

static void show_page(struct net_stream *stream, const char *path)
{
    if (strcmp(path, "/metrics") == 0) {
        show_metrics(stream);
        return;
    }
    net_stream_reply_http(stream, strcmp(path, "/livez") == 0 ? 200 : 404, "text/plain",
                          slice_str("ok\n"));
}

static void on_late(struct loop_timer *timer)
{
    struct late *late = LIST_ENTRY(timer, struct late, timer);
    net_stream_read(late->stream, late->method->message_max);
}

static void read_later(struct net_stream *stream, const struct method *method)
{
    struct late *late = xcalloc(1, sizeof *late);
    late->method = method;
    late->stream = stream;
    loop_timer_init(&late->timer, loop, on_late);
    loop_timer_arm(&late->timer, LATE_MS);
    net_stream_set_user(stream, late);
}

static const struct method *method_of(const struct net_stream *stream)
{
    return *(const struct method **)net_stream_user(stream);
}

static const struct method *find_method(const char *path)
{
    for (size_t i = 0; i < sizeof METHODS / sizeof METHODS[0]; i++) {
        if (strcmp(path, METHODS[i].path) == 0) {
            return &METHODS[i];
        }
    }
    return NULL;
}

static void on_open(void *ctx, struct net_stream *stream, const struct net_request *request)
{
    (void)ctx;
    static const struct method *pointers[sizeof METHODS / sizeof METHODS[0]];
    const struct method *method = find_method(request->path);
    if (request->framing == NULL) {
        show_page(stream, request->path);
        return;
    }
    if (method == NULL) {
        net_stream_finish(stream, GRPC_UNIMPLEMENTED, NULL, SLICE_NONE);
        return;
    }
    if (method->kind == LATE) {
        read_later(stream, method);
        return;
    }
    pointers[method - METHODS] = method;
    net_stream_set_user(stream, &pointers[method - METHODS]);
    if (method->kind != UNREAD) {
        net_stream_read(stream, method->message_max);
    }
}

static void on_message(void *ctx, struct net_stream *stream, struct slice message)
{
    (void)ctx;
    char text[24];
    enum kind kind = method_of(stream)->kind;
    if (kind == UNARY) {
        net_stream_send(stream, message);
    } else if (kind == COUNT || kind == LATE) {
        snprintf(text, sizeof text, "%zu", message.len);
        net_stream_send(stream, slice_str(text));
    }
}

static void on_end(void *ctx, struct net_stream *stream)
{
    (void)ctx;
    enum kind kind = method_of(stream)->kind;
    if (kind == FAIL) {
        net_stream_finish(stream, GRPC_PERMISSION_DENIED, "100% refused: \xc3\xa9",
                          slice_str("details"));
    } else if (kind != HANG) {
        net_stream_finish(stream, GRPC_OK, NULL, SLICE_NONE);
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
    void *user = net_stream_user(stream);
    if (user != NULL && method_of(stream)->kind == LATE) {
        struct late *late = user;
        loop_timer_fini(&late->timer);
        xfree(late);
    }
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
    static const struct net_config config = {.protocols = {&HTTP2_PROTOCOL},
                                             .framings = {&GRPC_FRAMING}};
    static const struct net_handler handler = {
        .open = on_open,
        .message = on_message,
        .end = on_end,
        .broken = on_broken,
        .closed = on_closed,
    };
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
    if (!net_listen(argv[1], true, &fd, &err).ok ||
        !net_server_listen(server, fd, argc == 4 ? &tls : NULL, 0, &err).ok) {
        fprintf(stderr, "%s: %s\n", reason_info(err.reason)->name, err_words(&err));
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

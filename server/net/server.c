/* SPDX-License-Identifier: Apache-2.0 */
/* The server object: its connections, their time limits, and the graceful end. */
#include <unistd.h>

#include "base/mem.h"
#include "net/net_internal.h"

enum { SWEEP_MS = 250 };

static void defaults(struct net_config *c)
{
    c->max_connections = c->max_connections == 0 ? 20000 : c->max_connections;
    c->max_streams = c->max_streams == 0 ? 256 : c->max_streams;
    c->handshake_timeout_ms = c->handshake_timeout_ms == 0 ? 10000 : c->handshake_timeout_ms;
    c->idle_timeout_ms = c->idle_timeout_ms == 0 ? 600000 : c->idle_timeout_ms;
    c->gzip_min_bytes = c->gzip_min_bytes == 0 ? 1024 : c->gzip_min_bytes;
}

static bool is_overdue(const struct net_conn *conn, int64_t now_ns)
{
    const struct net_config *config = &conn->server->config;
    int64_t quiet_ms = (now_ns - conn->last_active.ns) / 1000000;
    if (conn->state == CONN_HANDSHAKE) {
        return quiet_ms > config->handshake_timeout_ms;
    }
    return list_is_empty(&conn->streams) && quiet_ms > config->idle_timeout_ms;
}

static void finish_drain(struct net_server *server)
{
    void (*drained)(void *ctx) = server->drained;
    server->drained = NULL;
    if (drained != NULL) {
        drained(server->drained_ctx);
    }
}

/* Second step of the shutdown (RFC 9113 §6.8): the notice is out for a sweep's time, longer than a
 * round trip; now say which streams are the last. */
static void send_goaway(struct net_conn *conn)
{
    if (conn->state == CONN_OPEN && !conn->goaway_sent) {
        conn->goaway_sent = true;
        (void)nghttp2_submit_goaway(conn->session, NGHTTP2_FLAG_NONE,
                                    nghttp2_session_get_last_proc_stream_id(conn->session),
                                    NGHTTP2_NO_ERROR, NULL, 0);
        conn_schedule_flush(conn);
    }
}

static void on_sweep(struct loop_timer *timer)
{
    struct net_server *server = LIST_ENTRY(timer, struct net_server, sweep);
    int64_t now = loop_now(server->loop).ns;
    bool cut = server->draining && now >= server->drain_until.ns;
    LIST_EACH_SAFE (link, after, &server->conns) {
        struct net_conn *conn = LIST_ENTRY(link, struct net_conn, link);
        if (cut || is_overdue(conn, now)) {
            conn_close(conn, cut ? "drain" : "timeout");
        } else if (server->draining) {
            send_goaway(conn);
        }
    }
    if (server->draining && server->conn_count == 0) {
        finish_drain(server);
        return;
    }
    loop_timer_arm(timer, SWEEP_MS);
}

struct net_server *net_server_new(struct loop *loop, const struct net_config *config,
                                  const struct net_handler *handler)
{
    struct net_server *server = xcalloc(1, sizeof *server);
    server->loop = loop;
    server->config = *config;
    server->handler = *handler;
    defaults(&server->config);
    list_init(&server->conns);
    list_init(&server->listeners);
    server->callbacks = h2_callbacks_new();
    server->options = h2_option_new();
    loop_timer_init(&server->sweep, loop, on_sweep);
    loop_timer_arm(&server->sweep, SWEEP_MS);
    return server;
}

static void close_listeners(struct net_server *server)
{
    struct list *link;
    while ((link = list_pop(&server->listeners)) != NULL) {
        struct net_listener *listener = LIST_ENTRY(link, struct net_listener, link);
        int fd = listener->watch.fd;
        loop_fd_fini(&listener->watch);
        close(fd);
        SSL_CTX_free(listener->tls);
        xfree(listener);
    }
}

void net_server_drain(struct net_server *server, int64_t limit_ms, void (*done)(void *ctx),
                      void *ctx)
{
    server->draining = true;
    server->drain_until = mono_add_ms(loop_now(server->loop), limit_ms);
    server->drained = done;
    server->drained_ctx = ctx;
    close_listeners(server);
    LIST_EACH (link, &server->conns) {
        struct net_conn *conn = LIST_ENTRY(link, struct net_conn, link);
        if (conn->state == CONN_OPEN) {
            (void)nghttp2_submit_shutdown_notice(conn->session);
            conn_schedule_flush(conn);
        }
    }
    loop_timer_arm(&server->sweep, SWEEP_MS);
}

void net_server_free(struct net_server *server)
{
    if (server == NULL) {
        return;
    }
    close_listeners(server);
    LIST_EACH_SAFE (link, after, &server->conns) {
        conn_close(LIST_ENTRY(link, struct net_conn, link), "stop");
    }
    loop_timer_fini(&server->sweep);
    nghttp2_session_callbacks_del(server->callbacks);
    nghttp2_option_del(server->options);
    xfree(server);
}

size_t net_server_connections(const struct net_server *server)
{
    return server->conn_count;
}

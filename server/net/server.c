/* SPDX-License-Identifier: Apache-2.0 */
/* The server object: its connections, their time limits, and the graceful end. */
#include "net/server.h"

#include "base/mem.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/net_stream.h"

enum {
    SWEEP_MS = 250,
    MINUTE_MS = 60 * 1000,
    STREAMS_MAX = 4096, /* per connection: its window is 32 KiB for each and must stay below 2^31 */
    BODY_BYTES = 64 * 1024 * 1024,
    QUEUE_BYTES = 64 * 1024 * 1024,
};

static void defaults(struct net_config *c)
{
    c->max_connections = c->max_connections == 0 ? 20000 : c->max_connections;
    c->max_streams = c->max_streams == 0 ? 256 : c->max_streams;
    c->max_streams = c->max_streams > STREAMS_MAX ? STREAMS_MAX : c->max_streams;
    c->max_calls = c->max_calls == 0 ? 32768 : c->max_calls;
    c->max_body_bytes = c->max_body_bytes == 0 ? BODY_BYTES : c->max_body_bytes;
    c->max_queue_bytes = c->max_queue_bytes == 0 ? QUEUE_BYTES : c->max_queue_bytes;
    c->stall_timeout_ms = c->stall_timeout_ms == 0 ? 30000 : c->stall_timeout_ms;
    c->handshake_timeout_ms = c->handshake_timeout_ms == 0 ? 10000 : c->handshake_timeout_ms;
    c->idle_timeout_ms = c->idle_timeout_ms == 0 ? 600000 : c->idle_timeout_ms;
    c->age_ms = c->age_ms == 0 ? 30 * MINUTE_MS : c->age_ms;
    c->age_grace_ms = c->age_grace_ms == 0 ? MINUTE_MS : c->age_grace_ms;
    c->keepalive_ms = c->keepalive_ms == 0 ? 5 * MINUTE_MS : c->keepalive_ms;
    c->keepalive_timeout_ms = c->keepalive_timeout_ms == 0 ? 20000 : c->keepalive_timeout_ms;
    c->ticket_ms = c->ticket_ms == 0 ? 120 * MINUTE_MS : c->ticket_ms;
    c->gzip_min_bytes = c->gzip_min_bytes == 0 ? 1024 : c->gzip_min_bytes;
}

static void finish_drain(struct net_server *server)
{
    void (*drained)(void *ctx) = server->drained;
    server->drained = NULL;
    if (drained != NULL) {
        drained(server->drained_ctx);
    }
}

static void on_inflate(struct loop_task *task)
{
    net_streams_inflate_on(LIST_ENTRY(task, struct net_server, inflate_on));
}

static void on_sweep(struct loop_timer *timer)
{
    struct net_server *server = LIST_ENTRY(timer, struct net_server, sweep);
    struct mono_time now = loop_now(server->loop);
    bool cut = server->draining && now.ns >= server->drain_until.ns;
    LIST_EACH_SAFE (link, after, &server->conns) {
        struct net_conn *conn = LIST_ENTRY(link, struct net_conn, link);
        const char *overdue = cut ? "drain" : conn_overdue(conn, now);
        if (overdue != NULL) {
            conn_dismiss(conn, overdue);
            continue;
        }
        net_streams_expire(conn, now);
        if (server->draining) {
            conn_leave(conn); /* the notice is out for a sweep's time, longer than a round trip */
        } else {
            conn_tend(conn, now);
        }
    }
    body_pool_expire(&server->bodies, now);
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
    CH_ASSERT(config->protocols[0] != NULL);
    defaults(&server->config);
    body_pool_init(&server->bodies, server->config.max_body_bytes);
    server->bodies.granted = net_stream_body_granted;
    server->bodies.evicted = net_stream_body_evicted;
    list_init(&server->inflating);
    loop_task_init(&server->inflate_on, on_inflate);
    list_init(&server->conns);
    conn_slots_init(server);
    list_init(&server->listeners);
    loop_timer_init(&server->sweep, loop, on_sweep);
    loop_timer_arm(&server->sweep, SWEEP_MS);
    return server;
}

void net_server_drain(struct net_server *server, int64_t limit_ms, void (*done)(void *ctx),
                      void *ctx)
{
    server->draining = true;
    server->drain_until = mono_add_ms(loop_now(server->loop), limit_ms);
    server->drained = done;
    server->drained_ctx = ctx;
    listeners_close(server);
    LIST_EACH (link, &server->conns) {
        conn_announce_end(LIST_ENTRY(link, struct net_conn, link));
    }
    loop_timer_arm(&server->sweep, SWEEP_MS);
}

void net_server_free(struct net_server *server)
{
    if (server == NULL) {
        return;
    }
    listeners_close(server);
    LIST_EACH_SAFE (link, after, &server->conns) {
        conn_close(LIST_ENTRY(link, struct net_conn, link), "stop");
    }
    loop_timer_fini(&server->sweep);
    loop_task_cancel(&server->inflate_on);
    conn_slots_fini(server);
    xfree(server);
}

size_t net_server_connections(const struct net_server *server)
{
    return server->conn_count;
}

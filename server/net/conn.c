/* SPDX-License-Identifier: Apache-2.0 */
#include "net/conn.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "net/net_stream.h"
#include "net/server.h"
#include "net/tls.h"
#include "obs/metrics.h"

enum {
    WRITE_BUFFER_BYTES = 16 * 1024, /* one TLS record */
    READS_PER_TURN = 8,             /* fairness between connections */
};

void conn_set_state(struct net_conn *conn, enum conn_state to)
{
    static const unsigned allowed[] = {
        [CONN_HANDSHAKE] = 1U << CONN_GREETING | 1U << CONN_OPEN | 1U << CONN_CLOSED,
        [CONN_GREETING] = 1U << CONN_OPEN | 1U << CONN_CLOSED,
        [CONN_OPEN] = 1U << CONN_LEAVING | 1U << CONN_CLOSED,
        [CONN_LEAVING] = 1U << CONN_CLOSED,
        [CONN_CLOSED] = 0,
    };
    CH_ASSERT((allowed[conn->state] & 1U << to) != 0);
    conn->state = to;
}

/* A protocol that has enough to do takes no more, and the client waits. */
static bool wants_input(const struct net_conn *conn)
{
    return !conn->read_ended && (!conn_is_running(conn) || conn->protocol->wants_input == NULL ||
                                 conn->protocol->wants_input(conn->session));
}

static void rearm(struct net_conn *conn)
{
    bool reads = wants_input(conn);
    if (reads && !conn->watch.wants_read && conn->ssl != NULL && SSL_has_pending(conn->ssl)) {
        loop_fd_poke(&conn->watch); /* what TLS holds the socket doesn't show */
    }
    loop_fd_want(&conn->watch, reads, conn->write_blocked || conn->read_wants_write);
}

void conn_close(struct net_conn *conn, const char *outcome)
{
    struct net_server *server = conn->server;
    if (conn->state == CONN_HANDSHAKE && conn->ssl != NULL) {
        tls_failures_note(&server->tls_failures, conn->ssl, outcome, conn->peer,
                          loop_now(server->loop));
    }
    conn_set_state(conn, CONN_CLOSED);
    loop_task_cancel(&conn->deliver);
    loop_task_cancel(&conn->flush);
    net_streams_close(conn);
    conn_slots_leave(conn);
    if (conn->session != NULL) {
        conn->protocol->stop(conn->session);
    }
    body_share_fini(&conn->share);
    if (conn->ssl != NULL) {
        ERR_clear_error();
        (void)SSL_shutdown(conn->ssl); /* close_notify, best effort */
        SSL_free(conn->ssl);
        ERR_clear_error();
    }
    loop_fd_fini(&conn->watch);
    close(conn->fd);
    list_remove(&conn->link);
    server->conn_count--;
    metric_add(M_CONNECTIONS, NULL, NULL, -1);
    metric_add(M_CONNECTIONS_TOTAL, outcome, NULL, 1);
    xfree(conn->out);
    xfree(conn);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* Refill the empty write buffer; false: broken. Without output it is freed. */
static bool refill(struct net_conn *conn)
{
    if (conn->out == NULL) {
        conn->out = xreallocarray(NULL, WRITE_BUFFER_BYTES, 1);
    }
    ssize_t n = conn->protocol->fill(conn->session, conn->out, WRITE_BUFFER_BYTES);
    conn->out_start = 0;
    conn->out_end = n > 0 ? (size_t)n : 0;
    if (n == 0) {
        xfree(conn->out);
        conn->out = NULL;
    }
    return n >= 0;
}

/* Write until the protocol has no more or the socket takes no more; false: broken. */
bool conn_write_out(struct net_conn *conn)
{
    for (;;) {
        if (conn->out_start == conn->out_end && !refill(conn)) {
            return false;
        }
        conn->write_blocked = false;
        if (conn->out == NULL) {
            return true;
        }
        ssize_t n =
            conn_write_some(conn, conn->out + conn->out_start, conn->out_end - conn->out_start);
        if (n < 0) {
            return false;
        }
        if (n == 0) {
            conn->write_blocked = true;
            return true;
        }
        conn->out_start += (size_t)n;
        conn->socket.bytes += (size_t)n;
    }
}

/* --- events --------------------------------------------------------------------------------- */

static bool handshake_is_over(const struct net_conn *conn)
{
    return conn->ssl == NULL || SSL_is_init_finished(conn->ssl);
}

/* Begin to speak. */
static bool start_protocol(struct net_conn *conn, const struct net_protocol *protocol)
{
    conn->protocol = protocol;
    conn->has_certificate = conn->ssl != NULL && tls_fingerprint(conn->ssl, conn->fingerprint);
    conn->session = conn->protocol->start(conn);
    if (conn->session == NULL) {
        return false;
    }
    conn_set_state(conn, CONN_OPEN);
    return true;
}

/* The handshake is over. What ALPN agreed on is spoken; else the only protocol there is in cleartext, or
 * what the client's first bytes show. */
static bool greet(struct net_conn *conn)
{
    const struct net_config *config = &conn->server->config;
    const struct net_protocol *agreed = conn->ssl == NULL ? NULL : tls_protocol(conn->ssl, config);
    bool is_alone = config->protocols[1] == NULL;
    if (agreed == NULL && !is_alone) {
        conn_set_state(conn, CONN_GREETING);
        return true;
    }
    if (agreed == NULL && conn->ssl == NULL) {
        agreed = config->protocols[0];
    }
    return agreed != NULL && start_protocol(conn, agreed);
}

/* The first protocol whose preface this is or may become; *is_sure: it is. */
static const struct net_protocol *guess(const struct net_conn *conn, bool *is_sure)
{
    const struct net_protocol *const *all = conn->server->config.protocols;
    for (size_t i = 0; all[i] != NULL; i++) {
        size_t len = all[i]->preface == NULL ? 0 : strlen(all[i]->preface);
        size_t common = len < conn->greeting_len ? len : conn->greeting_len;
        CH_ASSERT(len <= sizeof conn->greeting);
        if (common == 0 || memcmp(all[i]->preface, conn->greeting, common) == 0) {
            *is_sure = common == len;
            return all[i];
        }
    }
    return NULL;
}

static bool feed(struct net_conn *conn, struct slice data)
{
    bool ok = conn->protocol->feed(conn->session, data);
    net_streams_deliver(conn);
    return ok;
}

/* Take in what was read; false: the peer broke the protocol. */
static bool take_in(struct net_conn *conn, struct slice data)
{
    bool is_sure = false;
    if (conn->state != CONN_GREETING) {
        return feed(conn, data);
    }
    size_t room = sizeof conn->greeting - conn->greeting_len;
    size_t n = data.len < room ? data.len : room;
    memcpy(conn->greeting + conn->greeting_len, data.ptr, n);
    conn->greeting_len += n;
    const struct net_protocol *found = guess(conn, &is_sure);
    if (found != NULL && !is_sure) {
        return true;
    }
    if (found == NULL || !start_protocol(conn, found)) {
        return false;
    }
    return feed(conn, slice_of(conn->greeting, conn->greeting_len)) &&
           (n == data.len || feed(conn, slice_cut(data, n, data.len)));
}

/* Finished when nothing more comes, there is nothing to say, and nothing lies in our buffer. */
static bool is_finished(const struct net_conn *conn)
{
    return conn_is_running(conn) && conn->protocol->is_over(conn->session) &&
           conn->out_start == conn->out_end;
}

/* A connection that was asked to end has ended for that, whoever closes it. */
static const char *outcome_of(const struct net_conn *conn, const char *otherwise)
{
    return conn->outcome == NULL ? otherwise : conn->outcome;
}

/* Write what there is; false when the connection was closed. */
static bool flush_or_close(struct net_conn *conn)
{
    if (conn_is_running(conn) && !conn_write_out(conn)) {
        conn_close(conn, "broken");
        return false;
    }
    if (conn_is_running(conn) && !list_is_empty(&conn->ready)) {
        net_streams_deliver(conn); /* streams that ended with what was just written */
    }
    if (conn_is_running(conn) && conn->protocol->go_on != NULL &&
        conn->protocol->go_on(conn->session)) {
        net_streams_deliver(conn);
        conn_schedule_flush(conn);
    }
    if (is_finished(conn)) {
        conn_close(conn, outcome_of(conn, "done"));
        return false;
    }
    rearm(conn);
    return true;
}

static void on_deliver(struct loop_task *task)
{
    net_streams_deliver(LIST_ENTRY(task, struct net_conn, deliver));
}

static void on_flush(struct loop_task *task)
{
    (void)flush_or_close(LIST_ENTRY(task, struct net_conn, flush));
}

void conn_schedule_flush(struct net_conn *conn)
{
    loop_defer_to_turn_end(conn->server->loop, &conn->flush);
}

/* The peer says no more; false: nobody is there. */
static bool is_heard_out(struct net_conn *conn)
{
    conn->read_ended = conn_is_running(conn) && conn->protocol->took_eof != NULL &&
                       conn->protocol->took_eof(conn->session);
    return conn->read_ended;
}

/* Read once and feed it; false when the connection was closed or there is nothing more. */
static bool read_once(struct net_conn *conn)
{
    if (!wants_input(conn)) {
        conn_schedule_flush(conn);
        return false;
    }
    struct slice data;
    enum read_result result = conn_read(conn, &data);
    if (conn->state == CONN_HANDSHAKE && handshake_is_over(conn) && result < READ_END &&
        !greet(conn)) {
        conn_close(conn, "no_alpn");
        return false;
    }
    if (result == READ_LOST || (result == READ_END && !is_heard_out(conn))) {
        conn_close(conn, conn->state == CONN_HANDSHAKE ? "handshake" : outcome_of(conn, "peer"));
        return false;
    }
    if (result == READ_SOME) {
        conn->last_heard = loop_now(conn->server->loop);
        conn->pinged_at.ns = 0;
    } else {
        conn_schedule_flush(conn);
        return false;
    }
    if (!take_in(conn, data)) {
        if (conn_is_running(conn)) {
            (void)conn_write_out(conn); /* it says why */
        }
        conn_close(conn, "protocol");
        return false;
    }
    conn_schedule_flush(conn);
    return true;
}

static void on_ready(struct loop_fd *watch, bool readable, bool writable)
{
    struct net_conn *conn = LIST_ENTRY(watch, struct net_conn, watch);
    if (writable && conn_is_running(conn) && !flush_or_close(conn)) {
        return;
    }
    if (!readable && !conn->read_wants_write && conn->state != CONN_HANDSHAKE) {
        return;
    }
    for (int i = 0; i < READS_PER_TURN; i++) {
        if (!read_once(conn)) {
            return;
        }
    }
    /* The budget is used up; data may wait inside the TLS object where the socket doesn't show it. */
    if (conn->ssl != NULL && SSL_has_pending(conn->ssl)) {
        loop_fd_poke(&conn->watch);
    }
}

void conn_accept(struct net_server *server, int fd, SSL_CTX *tls, const struct conn_origin *origin)
{
    struct net_conn *conn = xcalloc(1, sizeof *conn);
    conn->server = server;
    conn->fd = fd;
    conn->last_active = conn->last_heard = loop_now(server->loop);
    conn->old_at = conn_old_at(server);
    snprintf(conn->peer, sizeof conn->peer, "%s", origin->peer);
    conn->listener = origin->listener;
    list_init(&conn->streams);
    list_init(&conn->ready);
    body_share_init(&conn->share, server->config.max_streams);
    list_append(&server->conns, &conn->link);
    server->conn_count++;
    conn_slots_enter(conn, &origin->address);
    metric_add(M_CONNECTIONS, NULL, NULL, 1);
    loop_task_init(&conn->deliver, on_deliver);
    loop_task_init(&conn->flush, on_flush);
    loop_fd_init(&conn->watch, server->loop, fd, on_ready);
    if (tls != NULL) {
        conn->ssl = SSL_new(tls);
        if (conn->ssl == NULL || SSL_set_fd(conn->ssl, fd) != 1) {
            conn_close(conn, "handshake");
            return;
        }
        SSL_set_accept_state(conn->ssl);
    } else if (!greet(conn)) {
        conn_close(conn, "broken");
        return;
    }
    conn_schedule_flush(conn);
    rearm(conn);
}

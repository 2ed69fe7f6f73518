/* SPDX-License-Identifier: Apache-2.0 */
/* A connection: TLS on the socket, bytes in, bytes out. Nothing here knows HTTP/2's meaning. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/mem.h"
#include "net/net_internal.h"
#include "obs/metrics.h"

/* Shared by all connections of the process: it is empty again when a read has been fed. */
static uint8_t read_buffer[READ_BUFFER_BYTES];

enum read_result { READ_SOME, READ_LATER, READ_END };

static void rearm(struct net_conn *conn)
{
    loop_fd_want(&conn->watch, true, conn->want_write || conn->read_wants_write);
}

void conn_close(struct net_conn *conn, const char *outcome)
{
    struct net_server *server = conn->server;
    conn->state = CONN_CLOSING;
    loop_task_cancel(&conn->deliver);
    loop_task_cancel(&conn->flush);
    h2_detach_streams(conn);
    nghttp2_session_del(conn->session);
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

/* --- reading and writing -------------------------------------------------------------------- */

static enum read_result read_tls(struct net_conn *conn, size_t *len)
{
    /* A stale entry of any OpenSSL call on this thread would be taken for an error of ours. */
    ERR_clear_error();
    int n = SSL_read(conn->ssl, read_buffer, sizeof read_buffer);
    conn->read_wants_write = false;
    if (n > 0) {
        *len = (size_t)n;
        return READ_SOME;
    }
    switch (SSL_get_error(conn->ssl, n)) {
    case SSL_ERROR_WANT_READ:
        return READ_LATER;
    case SSL_ERROR_WANT_WRITE:
        conn->read_wants_write = true;
        return READ_LATER;
    default:
        return READ_END;
    }
}

static enum read_result read_plain(struct net_conn *conn, size_t *len)
{
    ssize_t n = recv(conn->fd, read_buffer, sizeof read_buffer, 0);
    if (n > 0) {
        *len = (size_t)n;
        return READ_SOME;
    }
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? READ_LATER : READ_END;
}

ssize_t conn_write(struct net_conn *conn, const uint8_t *data, size_t len)
{
    if (conn->ssl == NULL) {
        ssize_t n = send(conn->fd, data, len, MSG_NOSIGNAL);
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR ? 0 : -1;
        }
        return n;
    }
    ERR_clear_error();
    int n = SSL_write(conn->ssl, data, (int)len);
    if (n > 0) {
        return n;
    }
    int why = SSL_get_error(conn->ssl, n);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* --- events --------------------------------------------------------------------------------- */

/* After the handshake: the ALPN answer must be h2 (a client without ALPN is none of ours). */
static bool handshake_done(struct net_conn *conn)
{
    const unsigned char *alpn = NULL;
    unsigned len = 0;
    if (conn->ssl != NULL) {
        SSL_get0_alpn_selected(conn->ssl, &alpn, &len);
        if (len != 2 || memcmp(alpn, "h2", 2) != 0) {
            return false;
        }
        tls_read_peer(conn);
    }
    conn->state = CONN_OPEN;
    return h2_start(conn);
}

static bool handshake_is_over(const struct net_conn *conn)
{
    return conn->ssl == NULL || SSL_is_init_finished(conn->ssl);
}

/* Finished when the peer wants nothing more, we have nothing to say, and nothing lies in buffers. */
static bool is_finished(const struct net_conn *conn)
{
    return conn->state == CONN_OPEN && nghttp2_session_want_read(conn->session) == 0 &&
           nghttp2_session_want_write(conn->session) == 0 && conn->out_start == conn->out_end;
}

/* Write what there is; false when the connection was closed. */
static bool flush_or_close(struct net_conn *conn)
{
    if (conn->state == CONN_OPEN && !h2_flush(conn)) {
        conn_close(conn, "broken");
        return false;
    }
    if (conn->state == CONN_OPEN && !list_is_empty(&conn->ready)) {
        h2_deliver(conn); /* streams that ended with what was just written */
    }
    if (is_finished(conn)) {
        conn_close(conn, "done");
        return false;
    }
    rearm(conn);
    return true;
}

static void on_deliver(struct loop_task *task)
{
    h2_deliver(LIST_ENTRY(task, struct net_conn, deliver));
}

static void on_flush(struct loop_task *task)
{
    (void)flush_or_close(LIST_ENTRY(task, struct net_conn, flush));
}

void conn_schedule_flush(struct net_conn *conn)
{
    loop_defer_to_turn_end(conn->server->loop, &conn->flush);
}

/* Read once and feed it; false when the connection was closed or there is nothing more. */
static bool read_once(struct net_conn *conn)
{
    size_t len = 0;
    enum read_result result = conn->ssl == NULL ? read_plain(conn, &len) : read_tls(conn, &len);
    if (conn->state == CONN_HANDSHAKE && handshake_is_over(conn) && result != READ_END &&
        !handshake_done(conn)) {
        conn_close(conn, "no_alpn");
        return false;
    }
    if (result == READ_END) {
        conn_close(conn, conn->state == CONN_HANDSHAKE ? "handshake" : "peer");
        return false;
    }
    if (result == READ_LATER) {
        conn_schedule_flush(conn);
        return false;
    }
    conn->last_active = loop_now(conn->server->loop);
    if (!h2_feed(conn, read_buffer, len)) {
        (void)h2_flush(conn); /* the GOAWAY that says why */
        conn_close(conn, "protocol");
        return false;
    }
    conn_schedule_flush(conn);
    return true;
}

static void on_ready(struct loop_fd *watch, bool readable, bool writable)
{
    struct net_conn *conn = LIST_ENTRY(watch, struct net_conn, watch);
    if (writable && conn->state == CONN_OPEN && !flush_or_close(conn)) {
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

void conn_accept(struct net_server *server, int fd, SSL_CTX *tls, const char *peer)
{
    struct net_conn *conn = xcalloc(1, sizeof *conn);
    conn->server = server;
    conn->fd = fd;
    conn->last_active = loop_now(server->loop);
    snprintf(conn->peer, sizeof conn->peer, "%s", peer);
    list_init(&conn->streams);
    list_init(&conn->ready);
    list_append(&server->conns, &conn->link);
    server->conn_count++;
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
    } else if (!handshake_done(conn)) {
        conn_close(conn, "broken");
        return;
    }
    conn_schedule_flush(conn);
    rearm(conn);
}

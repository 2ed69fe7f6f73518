/* SPDX-License-Identifier: Apache-2.0 */
#include "net/conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/mem.h"
#include "net/net_stream.h"
#include "net/server.h"
#include "net/tls.h"
#include "obs/metrics.h"

enum {
    READ_BUFFER_BYTES = 16 * 1024,
    WRITE_BUFFER_BYTES = 16 * 1024, /* one TLS record */
    READS_PER_TURN = 8,             /* fairness between connections */
};

/* Shared by all connections of the process: it is empty again when a read has been fed. */
static uint8_t read_buffer[READ_BUFFER_BYTES];

enum read_result { READ_SOME, READ_LATER, READ_END };

static void set_state(struct net_conn *conn, enum conn_state to)
{
    static const unsigned allowed[] = {
        [CONN_HANDSHAKE] = 1U << CONN_OPEN | 1U << CONN_CLOSED,
        [CONN_OPEN] = 1U << CONN_LEAVING | 1U << CONN_CLOSED,
        [CONN_LEAVING] = 1U << CONN_CLOSED,
        [CONN_CLOSED] = 0,
    };
    CH_ASSERT((allowed[conn->state] & 1U << to) != 0);
    conn->state = to;
}

/* The protocol runs. */
static bool is_running(const struct net_conn *conn)
{
    return conn->state == CONN_OPEN || conn->state == CONN_LEAVING;
}

static void rearm(struct net_conn *conn)
{
    loop_fd_want(&conn->watch, true, conn->write_blocked || conn->read_wants_write);
}

void conn_close(struct net_conn *conn, const char *outcome)
{
    struct net_server *server = conn->server;
    if (conn->state == CONN_HANDSHAKE && conn->ssl != NULL) {
        tls_failures_note(&server->tls_failures, conn->ssl, outcome, conn->peer,
                          loop_now(server->loop));
    }
    set_state(conn, CONN_CLOSED);
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

/* Bytes written, 0 for "later", −1 for "broken". */
static ssize_t write_some(struct net_conn *conn, const uint8_t *data, size_t len)
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
static bool write_out(struct net_conn *conn)
{
    for (;;) {
        if (conn->out_start == conn->out_end && !refill(conn)) {
            return false;
        }
        conn->write_blocked = false;
        if (conn->out == NULL) {
            return true;
        }
        ssize_t n = write_some(conn, conn->out + conn->out_start, conn->out_end - conn->out_start);
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

/* Begin to speak. Over TLS what ALPN agreed on: a client without it is none of ours. */
static bool start_protocol(struct net_conn *conn)
{
    const struct net_config *config = &conn->server->config;
    conn->protocol = conn->ssl == NULL ? config->protocols[0] : tls_protocol(conn->ssl, config);
    if (conn->protocol == NULL) {
        return false;
    }
    conn->has_certificate = conn->ssl != NULL && tls_fingerprint(conn->ssl, conn->fingerprint);
    conn->session = conn->protocol->start(conn);
    if (conn->session == NULL) {
        return false;
    }
    set_state(conn, CONN_OPEN);
    return true;
}

/* Finished when nothing more comes, there is nothing to say, and nothing lies in our buffer. */
static bool is_finished(const struct net_conn *conn)
{
    return is_running(conn) && conn->protocol->is_over(conn->session) &&
           conn->out_start == conn->out_end;
}

/* Write what there is; false when the connection was closed. */
static bool flush_or_close(struct net_conn *conn)
{
    if (is_running(conn) && !write_out(conn)) {
        conn_close(conn, "broken");
        return false;
    }
    if (is_running(conn) && !list_is_empty(&conn->ready)) {
        net_streams_deliver(conn); /* streams that ended with what was just written */
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

/* Read once and feed it; false when the connection was closed or there is nothing more. */
static bool read_once(struct net_conn *conn)
{
    size_t len = 0;
    enum read_result result = conn->ssl == NULL ? read_plain(conn, &len) : read_tls(conn, &len);
    if (conn->state == CONN_HANDSHAKE && handshake_is_over(conn) && result != READ_END &&
        !start_protocol(conn)) {
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
    bool ok = conn->protocol->feed(conn->session, slice_of(read_buffer, len));
    net_streams_deliver(conn);
    if (!ok) {
        (void)write_out(conn); /* it says why */
        conn_close(conn, "protocol");
        return false;
    }
    conn_schedule_flush(conn);
    return true;
}

static void on_ready(struct loop_fd *watch, bool readable, bool writable)
{
    struct net_conn *conn = LIST_ENTRY(watch, struct net_conn, watch);
    if (writable && is_running(conn) && !flush_or_close(conn)) {
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
    conn->last_active = loop_now(server->loop);
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
    } else if (!start_protocol(conn)) {
        conn_close(conn, "broken");
        return;
    }
    conn_schedule_flush(conn);
    rearm(conn);
}

/* --- how long it may last --------------------------------------------------------------------- */

enum { STALL_BYTES_MIN = 16 * 1024 };

void conn_note_taken(struct net_conn *conn, size_t bytes)
{
    conn->answers.bytes += bytes;
}

/* Whoever takes next to nothing of what waits for them holds it for nothing. */
static bool is_stalled(struct conn_stall *stall, bool is_waiting, struct mono_time now,
                       int64_t limit_ms)
{
    bool is_over = stall->since.ns != 0 && now.ns >= mono_add_ms(stall->since, limit_ms).ns;
    bool is_little = stall->bytes < STALL_BYTES_MIN;
    if (!is_waiting || stall->since.ns == 0 || (is_over && !is_little)) {
        *stall = (struct conn_stall){.since = is_waiting ? now : (struct mono_time){0}};
        return false;
    }
    return is_over;
}

const char *conn_overdue(struct net_conn *conn, struct mono_time now)
{
    const struct net_config *config = &conn->server->config;
    int64_t quiet_ms = (now.ns - conn->last_active.ns) / 1000000;
    bool is_starting = conn->state == CONN_HANDSHAKE && quiet_ms > config->handshake_timeout_ms;
    bool is_idle = list_is_empty(&conn->streams) && quiet_ms > config->idle_timeout_ms;
    bool has_half_headers =
        conn->headers_since.ns != 0 &&
        now.ns >= mono_add_ms(conn->headers_since, config->handshake_timeout_ms).ns;
    if (is_starting || is_idle || has_half_headers) {
        return "timeout";
    }
    bool is_unread = is_stalled(&conn->answers, conn->queued > 0, now, config->stall_timeout_ms);
    bool is_blocked = is_stalled(&conn->socket, conn->write_blocked, now, config->stall_timeout_ms);
    return is_unread || is_blocked ? "stalled" : NULL;
}

void conn_dismiss(struct net_conn *conn, const char *outcome)
{
    if (is_running(conn)) {
        conn->protocol->refuse_new(conn->session);
        (void)write_out(conn);
    }
    conn_close(conn, outcome);
}

/* --- the graceful end ------------------------------------------------------------------------ */

void conn_announce_end(struct net_conn *conn)
{
    if (conn->state == CONN_OPEN) {
        conn->protocol->announce_end(conn->session);
        conn_schedule_flush(conn);
    }
}

void conn_leave(struct net_conn *conn)
{
    if (conn->state == CONN_OPEN) {
        set_state(conn, CONN_LEAVING);
        conn->protocol->refuse_new(conn->session);
        conn_schedule_flush(conn);
    }
}

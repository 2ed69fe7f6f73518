/* SPDX-License-Identifier: Apache-2.0 */
/* How long a connection may last, and how it ends well. */
#include "net/conn.h"
#include "net/server.h"

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

static int64_t idle_limit_ms(const struct net_conn *conn)
{
    int64_t limit_ms = conn->server->config.idle_timeout_ms;
    int64_t own_ms = conn_is_running(conn) ? conn->protocol->idle_ms_max : 0;
    return own_ms != 0 && own_ms < limit_ms ? own_ms : limit_ms;
}

const char *conn_overdue(struct net_conn *conn, struct mono_time now)
{
    const struct net_config *config = &conn->server->config;
    int64_t quiet_ms = (now.ns - conn->last_active.ns) / 1000000;
    bool is_starting = conn->state < CONN_OPEN && quiet_ms > config->handshake_timeout_ms;
    bool is_idle = list_is_empty(&conn->streams) && quiet_ms > idle_limit_ms(conn);
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
    if (conn_is_running(conn)) {
        conn->protocol->refuse_new(conn->session);
        (void)conn_write_out(conn);
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
    if (conn->state == CONN_GREETING) {
        conn_close(conn, "drain"); /* it has said nothing yet, and need not begin here */
        return;
    }
    if (conn->state == CONN_OPEN) {
        conn_set_state(conn, CONN_LEAVING);
        conn->protocol->refuse_new(conn->session);
        conn_schedule_flush(conn);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How long a connection may last, and how it ends well. */
#include <sys/random.h>

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
    bool is_too_old = conn->retired_at.ns != 0 &&
                      now.ns >= mono_add_ms(conn->retired_at, config->age_grace_ms).ns;
    bool has_half_headers =
        conn->headers_since.ns != 0 &&
        now.ns >= mono_add_ms(conn->headers_since, config->handshake_timeout_ms).ns;
    if (is_starting || has_half_headers) {
        return "timeout";
    }
    if (is_too_old) {
        return conn->outcome;
    }
    if (conn->pinged_at.ns != 0 &&
        now.ns >= mono_add_ms(conn->pinged_at, config->keepalive_timeout_ms).ns) {
        return "keepalive";
    }
    bool is_unread = is_stalled(&conn->answers, conn->queued > 0, now, config->stall_timeout_ms);
    bool is_blocked = is_stalled(&conn->socket, conn->write_blocked, now, config->stall_timeout_ms);
    return is_unread || is_blocked ? "stalled" : NULL;
}

/* --- growing old ------------------------------------------------------------------------------ */

enum {
    JITTER = 10,      /* give or take a tenth, so that not all come anew at once */
    NOTICE_MS = 1000, /* between the notice and the end, longer than a round trip */
};

struct mono_time conn_old_at(const struct net_server *server)
{
    uint32_t tenth = 0;
    int64_t age_ms = server->config.age_ms, span_ms = age_ms / JITTER;
    (void)getrandom(&tenth, sizeof tenth, GRND_NONBLOCK);
    return mono_add_ms(loop_now(server->loop), age_ms - span_ms + tenth % (2 * span_ms + 1));
}

static void retire(struct net_conn *conn, struct mono_time now, const char *outcome)
{
    conn->retired_at = now;
    conn->outcome = outcome;
    conn_announce_end(conn);
}

static void ask_the_silent(struct net_conn *conn, struct mono_time now)
{
    int64_t silence_ms = conn->server->config.keepalive_ms;
    if (conn->protocol->ping != NULL && conn->pinged_at.ns == 0 && !list_is_empty(&conn->streams) &&
        now.ns >= mono_add_ms(conn->last_heard, silence_ms).ns) {
        conn->pinged_at = now;
        conn->protocol->ping(conn->session);
        conn_schedule_flush(conn);
    }
}

void conn_tend(struct net_conn *conn, struct mono_time now)
{
    if (!conn_is_running(conn)) {
        return;
    }
    bool is_idle = list_is_empty(&conn->streams) &&
                   now.ns > mono_add_ms(conn->last_active, idle_limit_ms(conn)).ns;
    if (conn->retired_at.ns == 0 && (is_idle || now.ns >= conn->old_at.ns)) {
        retire(conn, now, is_idle ? "idle" : "age");
    } else if (conn->retired_at.ns != 0 && now.ns >= mono_add_ms(conn->retired_at, NOTICE_MS).ns) {
        conn_leave(conn);
    }
    ask_the_silent(conn, now);
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
    if (conn->state == CONN_OPEN && !conn->is_announced) {
        conn->is_announced = true;
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

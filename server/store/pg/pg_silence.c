/* SPDX-License-Identifier: Apache-2.0 */
/* A silent connection is given up when no statement could take so long. Somebody looks sooner whether another server has
 * taken over: a scout, which is a connection of its own that tries all hosts but the good one, or the one address again, which may
 * lead to another server by now. It is believed only if it comes about in a later history, and then the connections of the former
 * one are given up (pg_history.c). Else nothing has changed for them: a statement may be slow, and its database is the right
 * one. */
#include "store/pg/pg_silence.h"

#include "base/ids.h"
#include "obs/log.h"
#include "store/pg/pg_conn.h"

enum {
    /* Beyond the statement timeout a silent server is a broken connection. */
    SILENCE_MARGIN_MS = 3000,
    SUSPICION_MS = 1000, /* then the scout is sent, … */
    TICK_MS = 500,       /* … and looked for when it may be sent again */
    /* A failover is to be over 5 s after another host takes writes, and a scout may come just before that. */
    PAUSE_FIRST_MS = 1000,
    PAUSE_MOST_MS = 2000,
    FORGOTTEN_MS = 10000, /* a silence so long after the last scout is another one */
    SPARE_MS = 30000,
};

static int limit_ms(const struct pg_conn *conn)
{
    return lane_statement_ms(conn->lane->class, conn->store->config.statement_timeout_ms) +
           SILENCE_MARGIN_MS;
}

/* --- the scout -------------------------------------------------------------------------------- */

bool pg_silence_is_scout(const struct pg_conn *conn)
{
    return conn->lane->class == STORE_SCOUT;
}

/* Behind one address another server may answer by now, but not behind a socket of this machine. */
static bool may_be_elsewhere(const struct store *store)
{
    const struct conninfo *conninfo = &store->conninfo;
    return conninfo->host_count > 1 ||
           (conninfo->host_count == 1 && !conninfo_is_local(&conninfo->hosts[0]));
}

/* Up to a quarter less, so that the workers of all nodes don't come together. */
static int with_jitter(int ms)
{
    return ms - ms * uuid_random().b[0] / 1024;
}

/* Whether it may be sent now; if so, it has been. */
static bool take_turn(struct store *store)
{
    struct pg_scouting *scouting = &store->scouting;
    struct mono_time now = loop_now(store->loop);
    if (now.ns < scouting->due.ns) {
        return false;
    }
    bool is_first = scouting->pause_ms == 0 || now.ns > mono_add_ms(scouting->due, FORGOTTEN_MS).ns;
    int longer_ms = 2 * scouting->pause_ms;
    scouting->pause_ms = is_first                    ? PAUSE_FIRST_MS
                         : longer_ms > PAUSE_MOST_MS ? PAUSE_MOST_MS
                                                     : longer_ms;
    scouting->due = mono_add_ms(now, with_jitter(scouting->pause_ms));
    return true;
}

static void send_scout(struct store *store)
{
    struct pg_conn *scout = &store->lanes[STORE_SCOUT].conns[0];
    size_t hosts = store->conninfo.host_count;
    if (scout->state != PG_RESTING || !may_be_elsewhere(store) || !take_turn(store)) {
        return;
    }
    scout->route = (struct pg_route){.is_in_round = true,
                                     .host = (store->good_host + 1) % hosts,
                                     .hosts_left = hosts > 1 ? hosts - 2 : 0};
    pg_conn_open(scout);
}

/* --- silence ---------------------------------------------------------------------------------- */

static void wait_on(struct pg_conn *conn)
{
    int left = limit_ms(conn) - conn->silent_ms;
    int next = conn->silent_ms < SUSPICION_MS ? SUSPICION_MS : TICK_MS;
    next = left < next ? left : next;
    conn->silent_ms += next;
    loop_timer_arm(&conn->timer, next);
}

void pg_silence_watch(struct pg_conn *conn)
{
    conn->silent_ms = 0;
    if (conn->state != PG_READY) {
        return; /* the limit of connecting runs */
    }
    if (!list_is_empty(&conn->requests)) {
        wait_on(conn);
    } else if (conn->is_spare) {
        loop_timer_arm(&conn->timer, SPARE_MS);
    } else {
        loop_timer_cancel(&conn->timer);
    }
}

/* Its process in the database may be in a commit. PREPARING or PROVING marks the history. */
static bool may_hold(const struct pg_conn *conn)
{
    return conn->state == PG_READY || conn->state == PG_PROVING || conn->state == PG_PREPARING;
}

static void give_up(struct pg_conn *conn)
{
    enum reason problem = may_hold(conn) ? R_DATABASE_NOT_COMMITTING : R_DATABASE_UNAVAILABLE;
    log_event(pg_silence_is_scout(conn) ? LOG_DEBUG : LOG_WARNING, "db.silent",
              F_USER("host", pg_connect_host(conn)),
              F_STR("state", pg_conn_state_name(conn->state)),
              F_STR("lane", conn->lane->info->word));
    if (may_hold(conn)) {
        conn->left = conn->own;
    }
    pg_conn_lost(conn, problem);
}

void pg_silence_fired(struct pg_conn *conn)
{
    if (conn->state == PG_READY && conn->silent_ms < limit_ms(conn)) {
        send_scout(conn->store);
        wait_on(conn);
        return;
    }
    give_up(conn);
}

/* --- after it --------------------------------------------------------------------------------- */

static bool is_elsewhere(const struct pg_conn *conn, size_t host)
{
    switch (conn->state) {
    case PG_DOWN:
        return true;
    case PG_CONNECTING:
    case PG_CHECKING:
    case PG_PREPARING:
    case PG_PROVING:
        return conn->route.host != host;
    case PG_DUE:
    case PG_READY:
    case PG_RESTING:
    case PG_CLOSED:
        break;
    }
    return false;
}

static void follow(struct pg_conn *conn)
{
    if (is_elsewhere(conn, conn->store->good_host)) {
        if (may_hold(conn)) {
            conn->left = conn->own;
        }
        pg_conn_begin_anew(conn);
    }
}

void pg_silence_follow(const struct store *store)
{
    for (unsigned class = 0; class < STORE_CLASSES; class ++) {
        for (size_t i = 0; i < store->lanes[class].conn_count; i++) {
            follow(&store->lanes[class].conns[i]);
        }
    }
}

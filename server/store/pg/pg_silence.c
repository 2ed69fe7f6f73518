/* SPDX-License-Identifier: Apache-2.0 */
/* A silent connection is given up when no statement could take so long. With several hosts somebody looks sooner
 * whether another one has taken over: a scout, which is a spare connection that tries all hosts but the good one.
 * When it comes about in a later history, the connections of the former one are given up (pg_history.c). When none
 * does, nothing has changed for them: a statement may be slow, and its database is the right one. */
#include "store/pg/pg_silence.h"

#include "obs/log.h"
#include "store/pg/pg_conn.h"

enum {
    /* Beyond the statement timeout a silent server is a broken connection. */
    SILENCE_MARGIN_MS = 3000,
    /* A failover is to be over 5 s after another host takes writes. A scout may come just before that, and the next
     * one comes after as long again. */
    SUSPICION_MS = 1000,
    SPARE_MS = 30000,
};

static int limit_ms(const struct pg_conn *conn)
{
    return lane_statement_ms(conn->lane->class, conn->store->config.statement_timeout_ms) +
           SILENCE_MARGIN_MS;
}

static bool has_other_hosts(const struct store *store)
{
    return store->conninfo.host_count > 1;
}

/* --- the scout -------------------------------------------------------------------------------- */

/* Of a lane that writes, so that it comes about only where commits do; rather of one that nobody waits for. */
static struct pg_conn *find_resting(struct store *store)
{
    for (unsigned class = STORE_CLASSES; class -- > 0;) {
        struct pg_lane *lane = &store->lanes[class];
        for (size_t i = lane->kept; lane->info->commits && i < lane->conn_count; i++) {
            if (lane->conns[i].state == PG_RESTING) {
                return &lane->conns[i];
            }
        }
    }
    return NULL;
}

static void send_scout(struct store *store)
{
    struct pg_conn *conn = store->scout == NULL ? find_resting(store) : NULL;
    if (conn == NULL) {
        return;
    }
    store->scout = conn;
    conn->route = (struct pg_route){.is_in_round = true,
                                    .host = (store->good_host + 1) % store->conninfo.host_count,
                                    .hosts_left = store->conninfo.host_count - 2};
    pg_conn_open(conn);
}

/* --- silence ---------------------------------------------------------------------------------- */

static void wait_on(struct pg_conn *conn)
{
    int left = limit_ms(conn) - conn->silent_ms;
    int next = has_other_hosts(conn->store) && left > SUSPICION_MS ? SUSPICION_MS : left;
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
    log_event(LOG_WARNING, "db.silent", F_USER("host", pg_connect_host(conn)),
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

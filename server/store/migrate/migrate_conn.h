/* SPDX-License-Identifier: Apache-2.0 */
/* The owner's connection for migrations. It waits for locks no longer than was said, because everybody else stands behind whoever
 * waits for one; while it waits, another connection looks who is in the way. Blocking. */
#pragma once

#include <libpq-fe.h>

#include "base/clock.h"
#include "base/err.h"

enum { MIGRATE_BLOCKER_BYTES = 160 };

struct migrate_conn {
    PGconn *pg;
    PGconn *watch;                       /* NULL: whoever is in the way is not asked for */
    int lock_ms;                         /* the longest wait for a lock; 0: any */
    char blocker[MIGRATE_BLOCKER_BYTES]; /* who was in the way last; "": nobody */
    /* Told who is in the way, a second after a statement was sent and every few seconds from then on. NULL: nobody is. */
    void (*tell)(const void *ctx, const char *blocker);
    const void *tell_ctx; /* borrowed */
    struct mono_time tell_at;
    /* What waits for many locks, one after the other, waits so long for all of them together; 0: any time. Counted since it was
     * set to 0. Without a watch it is not seen. */
    int wait_ms;
    int64_t waited_ns;
};

/* lock_ms 0: it waits as long as it takes, and doesn't look. R_DATABASE_UNAVAILABLE. */
rc migrate_conn_open(struct migrate_conn *conn, const char *conninfo, int lock_ms, struct err *err);
void migrate_conn_close(struct migrate_conn *conn);
/* One or several statements. R_DATABASE_LOCKED: a lock could not be had in time; R_DATABASE_ERROR, of which the detail says what
 * PostgreSQL said: it is the owner who reads it. */
rc migrate_conn_run(struct migrate_conn *conn, const char *sql, struct err *err);
/* One statement with its rows. Lends them: PQclear. */
rc migrate_conn_query(struct migrate_conn *conn, const char *sql, const char *const *values,
                      int count, PGresult **out, struct err *err);
/* Who waits for no lock but asks for one again and again says here whom it belongs to: a column of one row's text, or no row. */
void migrate_conn_blocked_by(struct migrate_conn *conn, const PGresult *who);
/* The same text of a process of pg_stat_activity a, which a process b (pid) names. */
#define MIGRATE_WHO                                                                                        \
    "CASE WHEN a.pid IS NULL THEN 'a prepared transaction (pg_prepared_xacts)' ELSE"                       \
    "  'process ' || a.pid || coalesce(', role ' || a.usename, '')"                                        \
    "  || ', ' || coalesce(nullif(a.application_name, ''), a.backend_type, 'hidden')"                      \
    "  || coalesce(', in a transaction for ' || extract(epoch FROM clock_timestamp() - a.xact_start)::int" \
    "     || ' s', '') END"
/* From now on; 0: any time. */
rc migrate_conn_lock_limit(struct migrate_conn *conn, int lock_ms, struct err *err);

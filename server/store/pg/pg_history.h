/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: whether the database is the one that it was. It may go back to an older
 * state: a restored backup, a failover to a standby that lagged. Decisions don't rest on this module:
 * marks (base/ids.h) keep what is remembered of a lost state from counting. It tells the operator,
 * it sees to it that all connections of a worker are in one history, and in a schema that this
 * program works with (pg_schema.h), and it keeps a worker from going back to a primary that it has
 * seen superseded. */
#pragma once

#include <libpq-fe.h>

#include "store/migrate/schema_range.h"
#include "store/pg/store.h"

struct pg_conn;

/* What was seen last. All zero: nothing. What the node's other workers have seen: pg_timelines.h. */
struct pg_history {
    bool is_known;
    char system[32], timeline[16];
    int64_t number, mark, marked_at; /* of the table; microseconds */
    struct mono_time seen_at;        /* when the answer came */
    uint64_t generation;             /* counts other systems and timelines */
    struct loop_timer timer, peek;
    struct store_op op;
    struct arena *arena; /* of the operation */
    struct mono_time op_asked_at;
    struct schema_range schema; /* what the operation has read */
    bool is_asking;
};

/* Ask every ten seconds from now on (store_config.history_ms); about once a minute it is marked. */
void pg_history_init(struct store *store);
void pg_history_fini(struct store *store);
/* Send the question on a connection that is being set up; false when libpq would not take it. */
bool pg_history_ask(struct pg_conn *conn);
/* Its answer. R_DATABASE_ERROR, R_DATABASE_SUPERSEDED. */
rc pg_history_take(struct pg_conn *conn, const PGresult *result, struct err *err);
/* Whether the connection is in the history that was seen last. */
bool pg_history_is_current(const struct pg_conn *conn);
/* Give up the connections that are in another history than this one, which is ready. */
void pg_history_leave_others(struct pg_conn *conn);

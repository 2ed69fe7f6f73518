/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: the connections of one class of statements, and who waits for them. */
#pragma once

#include "base/turns.h"
#include "store/pg/pg_submit.h"

struct pg_conn;

enum lane_plans { LANE_AUTO, LANE_GENERIC };

/* A row of lanes.def. */
struct lane_info {
    const char *word;
    unsigned kept, spare, depth, statement_percent, lock_percent;
    enum lane_plans plans;
    bool commits;
};
extern const struct lane_info LANES[STORE_CLASSES];

/* The limits of a class; `configured`: database.statement_timeout_ms. */
int lane_statement_ms(enum store_class class, int configured);
int lane_lock_ms(enum store_class class, int configured);

/* The classes whose statements are prepared on its connections, as bits. */
unsigned lane_prepares(enum store_class class);

struct pg_lane {
    struct store *store;
    enum store_class class;
    const struct lane_info *info;
    struct pg_conn *conns; /* the kept ones first */
    size_t conn_count, kept;
    struct turns waiting; /* of struct store_op */
    struct loop_task task;
};

void pg_lane_init(struct pg_lane *lane, struct store *store, enum store_class class);
void pg_lane_fini(struct pg_lane *lane);
/* Send a segment as soon as a connection has room and it is its party's turn. */
void pg_lane_submit(struct pg_lane *lane, struct store_op *op, const struct pg_segment *segment);
/* Something has changed: send what may go now, from the loop. */
void pg_lane_wake(struct pg_lane *lane);
/* A connection went, or can't be made: tell those that wait when there is none to wait for. */
void pg_lane_lost(struct pg_lane *lane, enum reason problem);
/* Whether the class works, or would open a connection when it is needed. */
bool pg_lane_is_ready(const struct pg_lane *lane);
/* Whether any connection of any class works. */
bool pg_lane_any_is_ready(const struct store *store);
/* Put down every connection that is ready, of every class: what they would write may be what the database doesn't mean any
 * more. Not from within a reader, because what is in flight ends. */
void pg_lane_lose_all(struct store *store, enum reason problem);

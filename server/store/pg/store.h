/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL for one worker: a few pipelined connections, prepared statements, results as
 * values.
 *
 * An operation is a struct embedded in its owner. It is submitted once, completes exactly once
 * by its `done` from the loop (never from inside the call that submitted it), and may be
 * detached by store_op_cancel before that. One operation is one pipeline segment, so one
 * transaction. Rows become values in the operation's arena; no libpq type leaves this module.
 * Loop thread only. */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "base/turns.h"
#include "loop/loop.h"

struct dns;
struct store;
struct pg_lane;
struct pg_request;
struct pg_segment;
struct store_timelines;

/* Which connections serve an operation, so that it never waits behind one of another kind: lanes.def. */
enum store_class {
#define LANE(name, ...) STORE_##name,
#include "store/pg/lanes.def"
#undef LANE
    STORE_CLASSES
};

struct store_config {
    const char *conninfo; /* libpq's */
    struct dns *dns;      /* for hosts that have names; borrows, outlives the store */
    struct store_timelines
        *timelines;            /* of the node; NULL: what this store has seen counts alone */
    int statement_timeout_ms;  /* 0: 5 s */
    unsigned gate_connections; /* 0: 2 */
    unsigned in_flight_max;    /* operations on one connection; 0: what its lane says */
    unsigned waiting_max;      /* operations that wait for one lane; 0: 8,192 */
    int history_ms; /* between two looks whether the database is there, and went back; 0: 10 s */
    /* A connection became ready, or is none any more: perhaps store_problem says another thing. Comes from
     * within the store, so it only makes a note. May be NULL. */
    void (*changed)(void *ctx);
    /* A statement has failed for this reason. Comes from within the store too, and may be NULL. */
    void (*failed)(enum reason reason, void *ctx);
    void *ctx;
};

/* What the stores of a node's workers remember together, of failovers: in memory that processes share which are forked afterwards,
 * for as long as they live. R_STARTUP_FAILED. */
rc store_timelines_new(struct store_timelines **out, struct err *err);

struct store *store_new(struct loop *loop, const struct store_config *config);
/* All operations must be done or canceled. */
void store_free(struct store *store);
/* Whether every class that keeps connections has one that works. */
bool store_is_ready(const struct store *store);
/* Why not, for /readyz and the log; R_NONE when ready. */
enum reason store_problem(const struct store *store);

struct store_op {
    struct store *store;
    struct arena *arena; /* borrows: the call's */
    struct uuid party;   /* whose it is: the parties take turns. Zero: the worker's own */
    bool gathers; /* goes to the busiest connection that has room, and leaves the others free */
    void (*done)(struct store_op *op);
    void *user;
    struct err err; /* R_NONE on success */
    struct store_transaction *
        transaction; /* of which it is a part (pg_transaction.h); NULL: it is one by itself. Borrows */
    bool is_cut;     /* of a list: there are more rows than found room in the arena */
    /* Private to the module. */
    struct pg_request *request;
    void (*on_cancel)(struct store_op *op); /* of one that shares another one's work; NULL: none */
    struct pg_lane *lane;
    struct turn turn;                 /* in lane->waiting */
    const struct pg_segment *segment; /* while it waits */
    struct loop_task fail;
    const void *reader;
};

/* Prepare an operation for submission by one of the functions of this module. */
void store_op_init(struct store_op *op, struct store *store, struct arena *arena,
                   void (*done)(struct store_op *op), void *user);
/* Forget an operation: `done` will not come, nothing of it is touched any more. The database may
 * still carry it out. */
void store_op_cancel(struct store_op *op);

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_transaction.h"

#include <string.h>

#include "base/mem.h"
#include "store/pg/pg_conn.h"
#include "store/sql/statements.gen.h"

enum transaction_state {
    TRANSACTION_NEW,
    TRANSACTION_BEGINNING, /* in line for a connection, or BEGIN is on its way */
    TRANSACTION_OPEN,
    TRANSACTION_FAILED,
    TRANSACTION_ENDING, /* COMMIT or ROLLBACK is on its way */
    TRANSACTION_OVER,
};

enum {
    END_BYTES = 16 * 1024,
    AGE_MAX_MS = 30000, /* docs/declared.md §4 */
};

struct store_transaction {
    struct store *store;
    struct uuid party;
    enum transaction_state state;
    struct pg_conn *conn;  /* NULL: none yet, or none any more */
    struct mono_time ends; /* begins nothing after it */
    struct err err;        /* why it failed */
    struct arena *arena;   /* of its own operation */
    struct store_op end;
    struct store_op *waiter; /* for the commit; NULL: nobody waits */
    bool is_freed;           /* by whoever had it; it goes when its ROLLBACK has come to its end */
    void *kept;
    void (*let_go)(void *value);
};

struct store_transaction *store_transaction_new(struct store *store, struct uuid party)
{
    struct store_transaction *t = xcalloc(1, sizeof *t);
    t->store = store;
    t->party = party;
    t->arena = arena_new_small(END_BYTES);
    return t;
}

struct uuid pg_transaction_party(const struct store_transaction *t)
{
    return t->party;
}

/* --- what is kept ------------------------------------------------------------------------------- */

void store_transaction_keep(struct store_transaction *t, void *value, void (*let_go)(void *value))
{
    if (t->kept != NULL) {
        t->let_go(t->kept);
    }
    t->kept = value;
    t->let_go = let_go;
}

void *store_transaction_kept(const struct store_transaction *t)
{
    return t->kept;
}

/* --- its connection ----------------------------------------------------------------------------- */

static void leave(struct store_transaction *t)
{
    struct pg_conn *conn = t->conn;
    t->conn = NULL;
    t->state = TRANSACTION_OVER;
    if (conn != NULL) {
        conn->transaction = NULL;
        pg_lane_wake(conn->lane);
    }
}

void pg_transaction_take(struct store_transaction *t, struct pg_conn *conn)
{
    t->conn = conn;
    t->state = TRANSACTION_OPEN;
    t->ends = mono_add_ms(clock_mono(), AGE_MAX_MS);
    conn->transaction = t;
}

void pg_transaction_failed(struct store_transaction *t, const struct err *err)
{
    if (t->state == TRANSACTION_OPEN) {
        t->state = TRANSACTION_FAILED;
        t->err = *err;
    }
}

void pg_transaction_lost(struct store_transaction *t)
{
    t->conn->transaction = NULL;
    t->conn = NULL;
    t->state = TRANSACTION_OVER;
}

/* --- operations --------------------------------------------------------------------------------- */

/* What it has locked others wait for, so it ends whatever its client would have. */
static void check_age(struct store_transaction *t)
{
    struct err err;
    err_clear(&err);
    if (t->state == TRANSACTION_OPEN && clock_mono().ns > t->ends.ns) {
        (void)err_raise(&err, R_DEADLINE_EXCEEDED, __FILE__, __LINE__,
                        "a transaction takes %d ms at most", AGE_MAX_MS);
        pg_transaction_failed(t, &err);
    }
}

bool pg_transaction_submit(struct store_transaction *t, struct store_op *op,
                           const struct pg_segment *segment)
{
    check_age(t);
    switch (t->state) {
    case TRANSACTION_BEGINNING:
        return false;
    case TRANSACTION_OPEN:
        if (!pg_conn_send(t->conn, op, segment)) {
            pg_fail_later(op, R_DATABASE_UNAVAILABLE, "libpq refused to send");
        }
        return true;
    case TRANSACTION_FAILED:
        pg_fail_later(op, t->err.reason, "the transaction has failed before it");
        return true;
    case TRANSACTION_NEW:
    case TRANSACTION_ENDING:
    case TRANSACTION_OVER:
        break;
    }
    pg_fail_later(op, R_DATABASE_UNAVAILABLE, "the transaction's connection is lost");
    return true;
}

void store_transaction_begin(struct store_transaction *t, struct store_op *op)
{
    CH_ASSERT(t->state == TRANSACTION_NEW);
    t->state = TRANSACTION_BEGINNING;
    op->transaction = t;
    struct pg_params p = sql_transaction_begin(op->arena), together = sql_together_begin(op->arena);
    struct pg_segment segment = {.count = 2, .params = {&p, &together}, .read = pg_read_nothing};
    pg_submit(op, &segment);
}

void store_transaction_settle(struct store_op *op)
{
    CH_ASSERT(op->transaction != NULL);
    struct pg_params p = sql_together_settle(op->arena);
    pg_submit_one(op, &p, pg_read_nothing);
}

bool store_transaction_has_failed(const struct store_transaction *t)
{
    return t->state == TRANSACTION_FAILED || t->state == TRANSACTION_OVER;
}

/* --- its end ------------------------------------------------------------------------------------ */

static void dispose(struct store_transaction *t)
{
    store_transaction_keep(t, NULL, NULL);
    arena_free(t->arena);
    xfree(t);
}

/* Of one that a statement has failed in the server says ROLLBACK, and that all is well. */
static rc read_commit(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)op;
    (void)index;
    ENSURE(strcmp(PQcmdStatus((PGresult *)(uintptr_t)r), "COMMIT") == 0, err, R_DATABASE_ERROR);
    return OK;
}

static void ended(struct store_op *op)
{
    struct store_transaction *t = LIST_ENTRY(op, struct store_transaction, end);
    struct store_op *waiter = t->waiter;
    leave(t);
    t->waiter = NULL;
    if (t->is_freed) {
        dispose(t);
    } else if (waiter != NULL) {
        waiter->err = t->end.err;
        waiter->done(waiter);
    }
}

/* False: there is no connection on which it could be. */
static bool send_end(struct store_transaction *t, struct pg_params p, pg_reader read)
{
    struct pg_segment segment = {.count = 1, .params = {&p}, .read = read};
    store_op_init(&t->end, t->store, t->arena, ended, NULL);
    t->end.party = t->party;
    if (t->conn == NULL || p.failed || !pg_conn_send(t->conn, &t->end, &segment)) {
        return false;
    }
    t->state = TRANSACTION_ENDING;
    return true;
}

void store_transaction_commit(struct store_transaction *t, struct store_op *op)
{
    if (t->state != TRANSACTION_OPEN) {
        bool has_failed = t->state == TRANSACTION_FAILED;
        pg_fail_later(op, has_failed ? t->err.reason : R_DATABASE_UNAVAILABLE,
                      "there is nothing to commit");
    } else if (send_end(t, sql_transaction_commit(t->arena), read_commit)) {
        t->waiter = op;
    } else {
        pg_fail_later(op, R_DATABASE_UNAVAILABLE, "libpq refused to send");
    }
}

void store_transaction_free(struct store_transaction *t)
{
    if (t == NULL) {
        return;
    }
    t->is_freed = true;
    t->waiter = NULL;
    if (t->state == TRANSACTION_ENDING) {
        return; /* the end is on its way */
    }
    bool is_open = t->state == TRANSACTION_OPEN || t->state == TRANSACTION_FAILED;
    if (is_open && send_end(t, sql_transaction_rollback(t->arena), pg_read_nothing)) {
        return;
    }
    if (t->conn != NULL) { /* what it has begun ends with the connection */
        pg_conn_lost(t->conn, R_DATABASE_UNAVAILABLE);
    }
    dispose(t);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_submit.h"

#include "store/pg/pg_conn.h"

/* The ready connection of a class with the fewest operations in flight; NULL when none is. */
static struct pg_conn *choose(struct store *store, enum store_class class)
{
    struct pg_conn *best = NULL;
    for (size_t i = 0; i < store->conn_count; i++) {
        struct pg_conn *conn = &store->conns[i];
        if (conn->class == class && conn->state == PG_READY &&
            (best == NULL || conn->in_flight < best->in_flight)) {
            best = conn;
        }
    }
    return best;
}

void pg_fail_later(struct store_op *op, enum reason reason, const char *detail)
{
    err_clear(&op->err);
    (void)err_raise(&op->err, reason, __FILE__, __LINE__, "%s", detail);
    loop_defer(op->store->loop, &op->fail);
}

void pg_submit(struct store_op *op, const struct pg_segment *segment)
{
    struct store *store = op->store;
    err_clear(&op->err);
    for (size_t i = 0; i < segment->count; i++) {
        if (segment->params[i]->failed) {
            pg_fail_later(op, R_ARENA_EXHAUSTED, "statement parameters");
            return;
        }
    }
    struct pg_conn *conn = choose(store, segment->params[0]->statement->class);
    if (conn == NULL) {
        pg_fail_later(op, R_DATABASE_UNAVAILABLE, reason_info(store_problem(store))->name);
    } else if (conn->in_flight >= store->config.in_flight_max) {
        pg_fail_later(op, R_OVERLOADED, "database pipeline is full");
    } else if (!pg_conn_send(conn, op, segment)) {
        pg_fail_later(op, R_DATABASE_UNAVAILABLE, "libpq refused to send");
    }
}

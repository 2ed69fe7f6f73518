/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <string.h>

#include "base/mem.h"
#include "store/pg_conn.h"

enum { STATEMENT_TIMEOUT_MS = 5000, GATE_CONNECTIONS = 2, IN_FLIGHT_MAX = 256 };

const struct statement_info STATEMENTS[ST_COUNT_] = {
#define STATEMENT(id, class, sql) [ST_##id] = {#id, STORE_##class, sql},
#include "store/statements.def"
#undef STATEMENT
};

struct store *store_new(struct loop *loop, const struct store_config *config)
{
    struct store *store = xcalloc(1, sizeof *store);
    store->loop = loop;
    store->config = *config;
    if (store->config.statement_timeout_ms == 0) {
        store->config.statement_timeout_ms = STATEMENT_TIMEOUT_MS;
    }
    if (store->config.gate_connections == 0) {
        store->config.gate_connections = GATE_CONNECTIONS;
    }
    if (store->config.in_flight_max == 0) {
        store->config.in_flight_max = IN_FLIGHT_MAX;
    }
    store->conn_count = store->config.gate_connections + 2;
    store->conns = xcalloc(store->conn_count, sizeof store->conns[0]);
    pg_conn_init(&store->conns[0], store, STORE_READ);
    pg_conn_init(&store->conns[1], store, STORE_ADMIN);
    for (size_t i = 2; i < store->conn_count; i++) {
        pg_conn_init(&store->conns[i], store, STORE_GATE);
    }
    return store;
}

void store_free(struct store *store)
{
    if (store == NULL) {
        return;
    }
    store->is_closing = true;
    for (size_t i = 0; i < store->conn_count; i++) {
        pg_conn_fini(&store->conns[i]);
    }
    xfree(store->conns);
    xfree(store);
}

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

enum reason store_problem(const struct store *store)
{
    bool has[STORE_CLASSES] = {false};
    enum reason problem = R_DATABASE_UNAVAILABLE;
    for (size_t i = 0; i < store->conn_count; i++) {
        const struct pg_conn *conn = &store->conns[i];
        has[conn->class] = has[conn->class] || conn->state == PG_READY;
        if (conn->state != PG_READY && conn->problem != R_NONE) {
            problem = conn->problem;
        }
    }
    return has[STORE_GATE] && has[STORE_READ] && has[STORE_ADMIN] ? R_NONE : problem;
}

bool store_is_ready(const struct store *store)
{
    return store_problem(store) == R_NONE;
}

/* --- operations -------------------------------------------------------------------------------- */

static void run_failure(struct loop_task *task)
{
    struct store_op *op = LIST_ENTRY(task, struct store_op, fail);
    op->done(op);
}

void store_op_init(struct store_op *op, struct store *store, struct arena *arena,
                   void (*done)(struct store_op *op), void *user)
{
    *op = (struct store_op){.store = store, .arena = arena, .done = done, .user = user};
    loop_task_init(&op->fail, run_failure);
}

void store_op_cancel(struct store_op *op)
{
    if (op->request != NULL) {
        op->request->op = NULL;
        op->request = NULL;
    }
    loop_task_cancel(&op->fail);
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
    struct pg_conn *conn = choose(store, STATEMENTS[segment->statements[0]].class);
    if (conn == NULL) {
        pg_fail_later(op, R_DATABASE_UNAVAILABLE, reason_info(store_problem(store))->name);
    } else if (conn->in_flight >= store->config.in_flight_max) {
        pg_fail_later(op, R_OVERLOADED, "database pipeline is full");
    } else if (!pg_conn_send(conn, op, segment)) {
        pg_fail_later(op, R_DATABASE_UNAVAILABLE, "libpq refused to send");
    }
}

void pg_submit_one(struct store_op *op, enum statement statement, const struct pg_params *p,
                   pg_reader read)
{
    pg_submit(op, &(struct pg_segment){
                      .count = 1, .statements = {statement}, .params = {p}, .read = read});
}

rc pg_read_nothing(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)op;
    (void)index;
    (void)r;
    (void)err;
    return OK;
}

/* PostgreSQL's appendix A "Error Codes". */
enum reason pg_reason(const char *sqlstate)
{
    static const struct {
        const char *prefix;
        enum reason reason;
    } rows[] = {
        {"53100", R_DATABASE_FULL},
        {"58030", R_DATABASE_UNAVAILABLE},
        {"53", R_DATABASE_UNAVAILABLE},
        {"57", R_DATABASE_UNAVAILABLE},
        {"08", R_DATABASE_UNAVAILABLE},
        {"25006", R_DATABASE_UNAVAILABLE},
        {"40", R_DATABASE_CONFLICT},
        {"23505", R_ALREADY_EXISTS},
        {"23503", R_PRECONDITION_FAILED},
        {"RM001", R_PRECONDITION_FAILED},
        {"RM002", R_STALE}, /* RM: ours, of migrations/0002_policy.sql */
        {"42501", R_BOUNDARY_NOT_GRANTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strncmp(sqlstate, rows[i].prefix, strlen(rows[i].prefix)) == 0) {
            return rows[i].reason;
        }
    }
    return R_DATABASE_ERROR;
}

bool pg_is_data_error(const char *sqlstate)
{
    return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0 ||
           strcmp(sqlstate, "42501") == 0;
}

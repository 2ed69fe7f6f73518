/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/store.h"

#include "base/mem.h"
#include "obs/log.h"
#include "store/pg/pg_conn.h"
#include "store/pg/pg_settings.h"

enum {
    STATEMENT_TIMEOUT_MS = 5000,
    GATE_CONNECTIONS = 2,
    IN_FLIGHT_MAX = 256,
    HISTORY_MS = 60 * 1000
};
enum { CONNINFO_BYTES_MAX = 4 << 20 };

/* A configuration that is wrong is told by store_problem, as whatever else keeps the store from being ready. */
static void read_conninfo(struct store *store)
{
    struct err err = {0};
    bool is_good = conninfo_parse(store->arena, store->config.conninfo, &store->conninfo, &err).ok;
    for (unsigned i = 0; is_good && i < STORE_CLASSES; i++) {
        enum store_class class = i;
        store->options[i] =
            pg_settings_options(store->arena, class, store->config.statement_timeout_ms,
                                conninfo_get(&store->conninfo, "options"));
        store->checks[i] =
            pg_settings_check(store->arena, class, store->config.statement_timeout_ms);
        is_good = store->options[i] != NULL && store->checks[i] != NULL;
    }
    if (!is_good) {
        store->conninfo.host_count = 0;
        log_event(LOG_ERROR, "db.conninfo", F_ERR(&err));
    }
}

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
    if (store->config.history_ms == 0) {
        store->config.history_ms = HISTORY_MS;
    }
    store->arena = arena_new(CONNINFO_BYTES_MAX);
    read_conninfo(store);
    store->conn_count = store->config.gate_connections + 2;
    store->conns = xcalloc(store->conn_count, sizeof store->conns[0]);
    pg_conn_init(&store->conns[0], store, STORE_READ);
    pg_conn_init(&store->conns[1], store, STORE_ADMIN);
    for (size_t i = 2; i < store->conn_count; i++) {
        pg_conn_init(&store->conns[i], store, STORE_GATE);
    }
    pg_history_init(store);
    return store;
}

void store_free(struct store *store)
{
    if (store == NULL) {
        return;
    }
    pg_history_fini(store);
    for (size_t i = 0; i < store->conn_count; i++) {
        pg_conn_fini(&store->conns[i]);
    }
    xfree(store->conns);
    arena_free(store->arena);
    xfree(store);
}

enum reason store_problem(const struct store *store)
{
    bool has[STORE_CLASSES] = {false};
    enum reason problem = R_DATABASE_UNAVAILABLE;
    for (size_t i = 0; i < store->conn_count; i++) {
        const struct pg_conn *conn = &store->conns[i];
        has[conn->class] = has[conn->class] || conn->state == PG_READY;
        if (conn->state != PG_READY && conn->problem != R_NONE &&
            conn->problem != R_DATABASE_UNAVAILABLE) {
            problem = conn->problem;
        }
    }
    return has[STORE_GATE] && has[STORE_READ] && has[STORE_ADMIN] ? R_NONE : problem;
}

bool store_is_ready(const struct store *store)
{
    return store_problem(store) == R_NONE;
}

/* --- operations ------------------------------------------------------------------------------- */

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

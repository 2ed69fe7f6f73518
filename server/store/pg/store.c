/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/store.h"

#include "base/mem.h"
#include "obs/log.h"
#include "store/pg/pg_conn.h"
#include "store/pg/pg_settings.h"

enum {
    STATEMENT_TIMEOUT_MS = 5000,
    GATE_CONNECTIONS = 2,
    WAITING_MAX = 8192,
    HISTORY_MS = 10 * 1000
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
    if (store->config.waiting_max == 0) {
        store->config.waiting_max = WAITING_MAX;
    }
    if (store->config.history_ms == 0) {
        store->config.history_ms = HISTORY_MS;
    }
    store->arena = arena_new(CONNINFO_BYTES_MAX);
    read_conninfo(store);
    for (unsigned i = 0; i < STORE_CLASSES; i++) {
        pg_lane_init(&store->lanes[i], store, (enum store_class)i);
    }
    pg_history_init(store);
    return store;
}

void store_free(struct store *store)
{
    if (store == NULL) {
        return;
    }
    store->config.changed = NULL;
    store->config.failed = NULL;
    pg_history_fini(store);
    for (unsigned i = 0; i < STORE_CLASSES; i++) {
        pg_lane_fini(&store->lanes[i]);
    }
    arena_free(store->arena);
    xfree(store);
}

/* Of the connections of a lane that has none ready, what says more than that they can't be made. */
static enum reason lane_problem(const struct pg_lane *lane)
{
    for (size_t i = 0; i < lane->kept; i++) {
        enum reason problem = lane->conns[i].problem;
        if (problem != R_NONE && problem != R_DATABASE_UNAVAILABLE) {
            return problem;
        }
    }
    return R_DATABASE_UNAVAILABLE;
}

enum reason store_problem(const struct store *store)
{
    enum reason worst = R_NONE;
    for (unsigned i = 0; i < STORE_CLASSES; i++) {
        const struct pg_lane *lane = &store->lanes[i];
        if (!pg_lane_is_ready(lane) && (worst == R_NONE || worst == R_DATABASE_UNAVAILABLE)) {
            worst = lane_problem(lane);
        }
    }
    return worst == R_DATABASE_UNAVAILABLE && pg_lane_any_is_ready(store) ? R_DATABASE_CROWDED
                                                                          : worst;
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
    if (op->on_cancel != NULL) {
        op->on_cancel(op);
        op->on_cancel = NULL;
    }
    if (op->lane != NULL) {
        turns_remove(&op->lane->waiting, &op->turn);
    }
    loop_task_cancel(&op->fail);
}

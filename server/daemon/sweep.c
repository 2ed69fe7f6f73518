/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sweep.h"

#include "base/mem.h"
#include "obs/log.h"
#include "store/resource/proof_store.h"

enum {
    SWEEP_FIRST_MS = 1000,
    SWEEP_MS = 30 * 1000,
    SWEEP_MORE_MS = 100, /* while there was a whole batch */
    SWEEP_BUDGET = 16 * 1024,
};

struct sweep {
    struct store *store;
    struct arena *arena; /* of one operation */
    struct loop_timer timer;
    struct proof_sweep op;
    bool is_running;
};

static void swept(struct store_op *op)
{
    struct sweep *sweep = op->user;
    bool is_full = op->err.reason == R_NONE && sweep->op.count == PROOFS_SWEPT_MAX;
    sweep->is_running = false;
    if (op->err.reason != R_NONE) {
        log_event(LOG_WARNING, "worker.sweep", F_ERR(&op->err));
    }
    if (is_full) {
        loop_timer_arm(&sweep->timer, SWEEP_MORE_MS);
    }
    arena_reset(sweep->arena);
}

static void on_timer(struct loop_timer *timer)
{
    struct sweep *sweep = LIST_ENTRY(timer, struct sweep, timer);
    loop_timer_arm(timer, SWEEP_MS);
    if (!sweep->is_running && store_is_ready(sweep->store)) {
        sweep->is_running = true;
        store_op_init(&sweep->op.op, sweep->store, sweep->arena, swept, sweep);
        proof_store_sweep(&sweep->op);
    }
}

struct sweep *sweep_new(struct loop *loop, struct store *store)
{
    struct sweep *sweep = xcalloc(1, sizeof *sweep);
    sweep->store = store;
    sweep->arena = arena_new(SWEEP_BUDGET);
    loop_timer_init(&sweep->timer, loop, on_timer);
    return sweep;
}

void sweep_begin(struct sweep *sweep)
{
    loop_timer_arm(&sweep->timer, SWEEP_FIRST_MS);
}

void sweep_free(struct sweep *sweep)
{
    if (sweep->is_running) {
        store_op_cancel(&sweep->op.op);
    }
    loop_timer_fini(&sweep->timer);
    arena_free(sweep->arena);
    xfree(sweep);
}

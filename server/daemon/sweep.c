/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sweep.h"

#include "base/mem.h"
#include "obs/log.h"
#include "store/resource/approval_store.h"
#include "store/resource/key_store.h"
#include "store/resource/notice_store.h"
#include "store/resource/passcode_store.h"
#include "store/resource/proof_store.h"
#include "store/resource/signal_store.h"

enum {
    SWEEP_FIRST_MS = 1000,
    SWEEP_MS = 30 * 1000,
    SWEEP_MORE_MS = 100, /* while there was a whole batch, and to the next kind */
    SWEEP_BUDGET = 16 * 1024,
};

/* One after the other. */
enum sweep_kind {
    SWEEP_PROOFS,
    SWEEP_PASSCODES,
    SWEEP_NOTICES,
    SWEEP_KEYS,
    SWEEP_KEY_IMPORTS,
    SWEEP_APPROVALS,
    SWEEP_SIGNALS,
    SWEEP_KINDS
};

struct sweep {
    struct store *store;
    struct arena *arena; /* of one operation */
    struct loop_timer timer;
    enum sweep_kind kind;
    struct proof_sweep proofs;
    struct passcode_sweep passcodes;
    struct notice_sweep notices;
    struct key_sweep keys;
    struct key_import_sweep imports;
    struct approval_sweep approvals;
    struct signal_sweep signals;
    bool is_running;
};

static struct store_op *running(struct sweep *sweep)
{
    struct store_op *const ops[SWEEP_KINDS] = {
        [SWEEP_PROOFS] = &sweep->proofs.op,       [SWEEP_PASSCODES] = &sweep->passcodes.op,
        [SWEEP_NOTICES] = &sweep->notices.op,     [SWEEP_KEYS] = &sweep->keys.op,
        [SWEEP_KEY_IMPORTS] = &sweep->imports.op, [SWEEP_APPROVALS] = &sweep->approvals.op,
        [SWEEP_SIGNALS] = &sweep->signals.op};
    return ops[sweep->kind];
}

static bool has_more(const struct sweep *sweep)
{
    const bool more[SWEEP_KINDS] = {
        [SWEEP_PROOFS] = sweep->proofs.count == PROOFS_SWEPT_MAX,
        [SWEEP_PASSCODES] = sweep->passcodes.count == PASSCODES_SWEPT_MAX,
        [SWEEP_NOTICES] = sweep->notices.count == NOTICES_SWEPT_MAX,
        [SWEEP_KEYS] = sweep->keys.has_destroyed,
        [SWEEP_KEY_IMPORTS] = sweep->imports.count == KEY_IMPORTS_SWEPT_MAX,
        [SWEEP_APPROVALS] = sweep->approvals.count == APPROVALS_SWEPT_MAX,
        [SWEEP_SIGNALS] = sweep->signals.count == SIGNALS_SWEPT_MAX};
    return more[sweep->kind];
}

static void swept(struct store_op *op)
{
    struct sweep *sweep = op->user;
    bool is_full = op->err.reason == R_NONE && has_more(sweep);
    if (op->err.reason != R_NONE) {
        log_event(LOG_WARNING, "worker.sweep", F_ERR(&op->err));
    }
    if (!is_full) {
        sweep->kind = (enum sweep_kind)((sweep->kind + 1) % SWEEP_KINDS);
    }
    if (is_full || sweep->kind != SWEEP_PROOFS) {
        loop_timer_arm(&sweep->timer, SWEEP_MORE_MS);
    }
    sweep->is_running = false;
    arena_reset(sweep->arena);
}

static void sweep_proofs(struct sweep *sweep)
{
    proof_store_sweep(&sweep->proofs);
}

static void sweep_passcodes(struct sweep *sweep)
{
    passcode_store_sweep(&sweep->passcodes);
}

static void sweep_notices(struct sweep *sweep)
{
    notice_store_sweep(&sweep->notices);
}

static void sweep_keys(struct sweep *sweep)
{
    key_store_sweep(&sweep->keys);
}

static void sweep_imports(struct sweep *sweep)
{
    key_store_sweep_imports(&sweep->imports);
}

static void sweep_approvals(struct sweep *sweep)
{
    approval_store_sweep(&sweep->approvals);
}

static void sweep_signals(struct sweep *sweep)
{
    signal_store_sweep(&sweep->signals);
}

static void on_timer(struct loop_timer *timer)
{
    static void (*const submit[SWEEP_KINDS])(struct sweep *) = {
        [SWEEP_PROOFS] = sweep_proofs,       [SWEEP_PASSCODES] = sweep_passcodes,
        [SWEEP_NOTICES] = sweep_notices,     [SWEEP_KEYS] = sweep_keys,
        [SWEEP_KEY_IMPORTS] = sweep_imports, [SWEEP_APPROVALS] = sweep_approvals,
        [SWEEP_SIGNALS] = sweep_signals};
    struct sweep *sweep = LIST_ENTRY(timer, struct sweep, timer);
    loop_timer_arm(timer, SWEEP_MS);
    if (!sweep->is_running && store_is_ready(sweep->store)) {
        sweep->is_running = true;
        store_op_init(running(sweep), sweep->store, sweep->arena, swept, sweep);
        submit[sweep->kind](sweep);
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
        store_op_cancel(running(sweep));
    }
    loop_timer_fini(&sweep->timer);
    arena_free(sweep->arena);
    xfree(sweep);
}

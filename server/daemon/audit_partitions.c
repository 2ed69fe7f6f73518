/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit_partitions.h"

#include "base/mem.h"
#include "obs/log.h"
#include "store/resource/audit_store.h"

enum {
    READY_MS = 500,       /* until the store is ready */
    AGAIN_MS = 60 * 1000, /* somebody reads the whole log, or the next year is to be made too */
    MAKE_MS = 3600 * 1000,
    TRIES_LOGGED = 60, /* every so many that fail: an hour's */
    ARENA_BYTES = 16 * 1024,
};

struct audit_maker {
    struct store *store;
    struct arena *arena; /* of one operation */
    struct loop_timer timer;
    struct audit_partitions op;
    bool is_running;
    unsigned failures; /* in a row */
};

static void made(struct store_op *op)
{
    struct audit_maker *maker = op->user;
    bool has_failed = op->err.reason != R_NONE;
    maker->is_running = false;
    if (has_failed && maker->failures++ % TRIES_LOGGED == 0) {
        log_event(LOG_WARNING, "audit.partitions_waiting", F_ERR(&op->err));
    } else if (!has_failed && maker->op.made < 0) {
        log_event(LOG_ERROR, "audit.rest_is_large",
                  F_STR("advice", "Run `chancery migrate`: it moves what has come into the table "
                                  "audit_rest to the months where it belongs."));
    } else if (!has_failed && maker->op.made > 0) {
        log_event(LOG_INFO, "audit.partitions", F_INT("made", maker->op.made));
    }
    maker->failures = has_failed ? maker->failures : 0;
    loop_timer_arm(&maker->timer, has_failed || maker->op.made > 0 ? AGAIN_MS : MAKE_MS);
    arena_reset(maker->arena);
}

static void on_timer(struct loop_timer *timer)
{
    struct audit_maker *maker = LIST_ENTRY(timer, struct audit_maker, timer);
    if (!store_is_ready(maker->store)) {
        loop_timer_arm(timer, READY_MS);
        return;
    }
    maker->is_running = true;
    store_op_init(&maker->op.op, maker->store, maker->arena, made, maker);
    audit_store_make_partitions(&maker->op);
}

struct audit_maker *audit_maker_new(struct loop *loop, struct store *store)
{
    struct audit_maker *maker = xcalloc(1, sizeof *maker);
    maker->store = store;
    maker->arena = arena_new(ARENA_BYTES);
    loop_timer_init(&maker->timer, loop, on_timer);
    return maker;
}

void audit_maker_begin(struct audit_maker *maker)
{
    loop_timer_arm(&maker->timer, READY_MS);
}

void audit_maker_free(struct audit_maker *maker)
{
    if (maker->is_running) {
        store_op_cancel(&maker->op.op);
    }
    loop_timer_fini(&maker->timer);
    arena_free(maker->arena);
    xfree(maker);
}

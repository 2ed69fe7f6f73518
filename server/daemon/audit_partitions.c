/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/audit_partitions.h"

#include <string.h>

#include "base/mem.h"
#include "obs/log.h"
#include "store/resource/audit_store.h"

enum {
    READY_MS = 500,       /* until the store is ready */
    NEXT_MS = 1000,       /* to the next step, or to the other kind */
    AGAIN_MS = 60 * 1000, /* somebody reads the whole log, or the next year is to be made too */
    REST_MS = 3600 * 1000,
    TRIES_LOGGED = 60, /* every so many that fail: an hour's */
    ARENA_BYTES = 16 * 1024,
};

/* One after the other: what has gone is noted before a new month closes the gap. */
enum upkeep { UPKEEP_RETAIN, UPKEEP_MAKE, UPKEEP_KINDS };

struct audit_maker {
    struct store *store;
    struct arena *arena; /* of one operation */
    struct loop_timer timer;
    enum upkeep kind;
    struct audit_partitions making;
    struct audit_retention retaining;
    bool is_running;
    unsigned failures[UPKEEP_KINDS]; /* in a row */
};

static struct store_op *running(struct audit_maker *maker)
{
    return maker->kind == UPKEEP_MAKE ? &maker->making.op : &maker->retaining.op;
}

/* Returns after how long to look again. */
static int64_t made(const struct audit_maker *maker)
{
    if (maker->making.made < 0) {
        log_event(LOG_ERROR, "audit.rest_is_large",
                  F_STR("advice", "Run `chancery migrate`: it moves what has come into the table "
                                  "audit_rest to the months where it belongs."));
    } else if (maker->making.made > 0) {
        log_event(LOG_INFO, "audit.partitions", F_INT("made", maker->making.made));
    }
    return maker->making.made > 0 ? AGAIN_MS : REST_MS;
}

/* The words of migrations/0032_audit_retention.sql. Returns when the next step is to be made; 0: there is none. */
static int64_t retained(const struct audit_maker *maker)
{
    static const struct {
        const char *did;
        enum log_level level;
        const char *event, *advice;
    } rows[] = {
        {"due", LOG_INFO, "audit.months_due",
         "They leave the log in a week: see log_month_due in the platform's log. chancery migrate "
         "--keep-log keeps it for longer."},
        {"gone", LOG_INFO, "audit.month_gone", "See log_month_gone in the platform's log."},
        {"gap", LOG_INFO, "audit.month_gone", "The owner took it out by hand."},
        {"dropped", LOG_INFO, "audit.month_dropped", ""},
        {"awaited", LOG_WARNING, "audit.month_awaited",
         "A month that is due stays, because a sink has not sent it yet. See chancery doctor."},
        {"large", LOG_WARNING, "audit.early_is_large",
         "A month that is due stays. Move or delete what a wrong clock has brought into the table "
         "audit_early."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(maker->retaining.did, rows[i].did) == 0) {
            log_event(rows[i].level, rows[i].event, F_STR("advice", rows[i].advice));
            return rows[i].level == LOG_INFO ? NEXT_MS : 0;
        }
    }
    return 0;
}

static void note_failure(struct audit_maker *maker, const struct err *err)
{
    if (maker->failures[maker->kind]++ % TRIES_LOGGED == 0) {
        log_event(LOG_WARNING, "audit.partitions_waiting", F_ERR(err));
    }
}

/* What was done goes on, or the other kind follows; what failed is tried again in the next round. */
static void done(struct store_op *op)
{
    struct audit_maker *maker = op->user;
    bool is_making = maker->kind == UPKEEP_MAKE, has_failed = op->err.reason != R_NONE;
    int64_t ms = 0;
    maker->is_running = false;
    if (has_failed) {
        note_failure(maker, &op->err);
    } else {
        maker->failures[maker->kind] = 0;
        ms = is_making ? made(maker) : retained(maker);
    }
    if (is_making) {
        bool is_late = has_failed || maker->failures[UPKEEP_RETAIN] > 0;
        ms = is_late ? AGAIN_MS : ms;
        maker->kind = UPKEEP_RETAIN;
    } else if (ms == 0) {
        ms = NEXT_MS;
        maker->kind = UPKEEP_MAKE;
    }
    loop_timer_arm(&maker->timer, ms);
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
    store_op_init(running(maker), maker->store, maker->arena, done, maker);
    if (maker->kind == UPKEEP_MAKE) {
        audit_store_make_partitions(&maker->making);
    } else {
        audit_store_retain(&maker->retaining);
    }
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
        store_op_cancel(running(maker));
    }
    loop_timer_fini(&maker->timer);
    arena_free(maker->arena);
    xfree(maker);
}

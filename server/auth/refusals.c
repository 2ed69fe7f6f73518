/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/refusals.h"

#include "auth/failure_limit.h"
#include "base/mem.h"
#include "obs/log.h"
#include "obs/metrics.h"

enum {
    FAILURES_PER_SECOND = 100,
    WRITE_AGAIN_MS = 200,         /* between two statements */
    WRITE_AGAIN_FAILED_MS = 5000, /* after one that failed */
    ROWS_BUDGET = 2 * 1024 * 1024,
};

struct refusals {
    struct loop *loop;
    struct store *store;
    struct refusal_tally *tally;
    struct failure_limit *limit;
    struct loop_timer timer, give_up;
    struct mono_time not_before; /* the next statement */
    struct arena *arena;         /* of one statement */
    struct audit_summaries op;
    bool is_writing;
    int64_t taken_us;
    void (*flushed)(void *ctx); /* somebody waits for it; NULL: nobody */
    void *flushed_ctx;
};

/* --- writing ---------------------------------------------------------------------------------- */

static void on_timer(struct loop_timer *timer);
static void on_give_up(struct loop_timer *timer);
static bool write_rows(struct refusals *r, bool all);

struct refusals *refusals_new(struct loop *loop, struct store *store,
                              const struct refusals_config *config)
{
    struct refusals *r = xcalloc(1, sizeof *r);
    unsigned per_second = config->failures_per_second;
    r->loop = loop;
    r->store = store;
    r->tally = refusal_tally_new(config->window_ms == 0 ? REFUSALS_WINDOW_MS : config->window_ms);
    r->limit = failure_limit_new(per_second == 0 ? FAILURES_PER_SECOND : per_second);
    r->arena = arena_new(ROWS_BUDGET);
    loop_timer_init(&r->timer, loop, on_timer);
    loop_timer_init(&r->give_up, loop, on_give_up);
    return r;
}

void refusals_free(struct refusals *r)
{
    if (r == NULL) {
        return;
    }
    if (r->is_writing) {
        store_op_cancel(&r->op.op);
    }
    loop_timer_fini(&r->timer);
    loop_timer_fini(&r->give_up);
    refusal_tally_free(r->tally);
    failure_limit_free(r->limit);
    arena_free(r->arena);
    xfree(r);
}

/* Wake up for what is due next, and not before the pause between two statements is over. */
static void plan(struct refusals *r)
{
    struct mono_time now = loop_now(r->loop);
    int64_t due_ms = refusal_tally_due_ms(r->tally, now);
    int64_t pause_ms = (r->not_before.ns - now.ns) / 1000000 + 1;
    if (due_ms >= 0 && !r->is_writing) {
        loop_timer_arm(&r->timer, due_ms > pause_ms ? due_ms : pause_ms < 0 ? 0 : pause_ms);
    }
}

static void tell_flushed(struct refusals *r)
{
    void (*flushed)(void *ctx) = r->flushed;
    r->flushed = NULL;
    loop_timer_cancel(&r->give_up);
    if (flushed != NULL) {
        flushed(r->flushed_ctx);
    }
}

/* What may have been written after all is written again: one row too many is better than none. */
static void written(struct store_op *op)
{
    struct refusals *r = op->user;
    bool ok = op->err.reason == R_NONE;
    r->is_writing = false;
    refusal_tally_settle(r->tally, ok, loop_now(r->loop), r->taken_us);
    metric_add(M_REFUSAL_SUMMARIES, ok ? "written" : "failed", NULL, (int64_t)r->op.count);
    if (!ok) {
        log_event(LOG_WARNING, "refusals.not_written", F_INT("rows", r->op.count), F_ERR(&op->err));
        r->not_before = mono_add_ms(loop_now(r->loop), WRITE_AGAIN_FAILED_MS);
    }
    arena_reset(r->arena);
    if (ok && r->flushed != NULL && write_rows(r, true)) {
        return; /* what came meanwhile */
    }
    plan(r);
    tell_flushed(r);
}

/* False: there is nothing to be written, or nowhere. */
static bool write_rows(struct refusals *r, bool all)
{
    struct mono_time now = loop_now(r->loop);
    if (!store_is_ready(r->store)) {
        r->not_before = mono_add_ms(now, WRITE_AGAIN_MS);
        return false;
    }
    r->taken_us = loop_unix_us(r->loop);
    r->op.rows = refusal_tally_take(r->tally, all, now, r->taken_us, r->arena, &r->op.count);
    if (r->op.count == 0) {
        arena_reset(r->arena);
        return false;
    }
    r->is_writing = true;
    r->not_before = mono_add_ms(now, WRITE_AGAIN_MS);
    store_op_init(&r->op.op, r->store, r->arena, written, r);
    audit_store_add_summaries(&r->op);
    return true;
}

static void on_timer(struct loop_timer *timer)
{
    struct refusals *r = LIST_ENTRY(timer, struct refusals, timer);
    if (!r->is_writing && !write_rows(r, false)) {
        plan(r);
    }
}

static void on_give_up(struct loop_timer *timer)
{
    tell_flushed(LIST_ENTRY(timer, struct refusals, give_up));
}

void refusals_flush(struct refusals *r, int64_t limit_ms, void (*flushed)(void *ctx), void *ctx)
{
    r->flushed = flushed;
    r->flushed_ctx = ctx;
    loop_timer_arm(&r->give_up, limit_ms);
    if (!r->is_writing && !write_rows(r, true)) {
        tell_flushed(r);
    }
}

/* --- counting --------------------------------------------------------------------------------- */

void refusals_add(struct refusals *r, const struct refusal *refusal, bool is_failure)
{
    struct network from = network_of(refusal->who->client_address);
    struct mono_time now = loop_now(r->loop);
    metric_add(M_UNAUTHENTICATED, reason_info(refusal->reason)->name, NULL, 1);
    if (is_failure) {
        failure_limit_note(r->limit, &from, now);
    }
    if (refusal_tally_add(r->tally, refusal, now, loop_unix_us(r->loop))) {
        plan(r);
    }
}

bool refusals_is_single(struct refusals *r, const struct refusal *refusal)
{
    bool is_single = refusal_tally_is_single(r->tally, refusal, loop_now(r->loop));
    if (!loop_timer_is_armed(&r->timer)) {
        plan(r);
    }
    return is_single;
}

bool refusals_is_limited(struct refusals *r, const char *peer)
{
    struct network from = network_of(peer);
    return failure_limit_is_reached(r->limit, &from, loop_now(r->loop));
}

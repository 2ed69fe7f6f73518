/* SPDX-License-Identifier: Apache-2.0 */
/* lease ──▶ settled ──▶ page ──▶ encode ──▶ send ──▶ move ──▶ page …    up to where the log is settled, then a rest
 *   ▲                                        │
 *   └───────── rest, longer each time ◀──────┘  what failed is read again from where it had arrived
 *
 * The position in the database is one that can't be lost any more, so whoever begins there, for whatever reason, misses nothing. A
 * way that may lose what has arrived (sink_way.h, lost_ms) is ahead of it for a while. */
#include "sink/sink.h"

#include "base/mem.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "sink/sink_internal.h"

enum {
    PAGE_MEMORY = 16 << 20,   /* rows, and their bytes as they are sent */
    RECORD_MEMORY = 8 << 20,  /* one record as message and as JSON */
    UPKEEP_MEMORY = 64 << 10, /* of a statement without rows */
    WATCH_MS = 2000,          /* while another node sends */
    READY_MS = 500,           /* until the store is ready */
};
static const int64_t SET_BACK_US = 500000; /* of a clock, which does no harm */
static const int64_t UNKNOWN_US =
    3600 * 1000000LL; /* is sent again, when nobody saw how far it was set back */

void sink_prepare(struct sink *s, struct store_op *op, struct arena *arena,
                  void (*done)(struct store_op *op))
{
    s->running = op;
    arena_reset(arena);
    store_op_init(op, s->store, arena, done, s);
}

void sink_again_in(struct sink *s, int64_t ms)
{
    if (!s->is_stopped) {
        loop_timer_arm(&s->timer, ms);
    }
}

/* Told once, until it works again. */
bool sink_has_failed(struct sink *s, const struct store_op *op)
{
    s->running = NULL;
    if (op->err.reason == R_NONE) {
        return false;
    }
    s->is_held = false;
    if (s->problem[0] == '\0') {
        log_event(LOG_WARNING, "audit.sink_waiting", F_STR("sink", s->name), F_ERR(&op->err));
    }
    s->problem = reason_info(op->err.reason)->name;
    sink_again_in(s, SINK_REST_MS);
    return true;
}

void sink_tell_lag(const struct sink *s, int64_t lag_us)
{
    int64_t ns = lag_us < 0 ? 0 : lag_us * 1000;
    metric_set(M_SINK_LAG_SECONDS, s->name, NULL, ns);
}

/* What the database's clock says by now is reckoned from when it was asked. */
void sink_tell_lag_now(const struct sink *s)
{
    int64_t passed_us = s->asked.ns == 0 ? 0 : (sink_now(s).ns - s->asked.ns) / 1000;
    sink_tell_lag(s, s->asked_at + passed_us - s->place.at);
}

void sink_begin_at(struct sink *s, struct sink_place place)
{
    s->place = s->kept = place;
    s->since = s->last = (struct mono_time){0};
    s->has_broken = false;
}

bool sink_has_broken(struct sink *s)
{
    if (!s->has_broken) {
        return false;
    }
    sink_begin_at(s, s->kept);
    sink_move_to(s, 0);
    return true;
}

/* --- reading ------------------------------------------------------------------------------------ */

/* A stretch without records of ours is passed, too. */
static void pass_on(struct sink *s)
{
    sink_arrive(s);
    if (sink_now(s).ns >= mono_add_ms(s->moved, SINK_RENEW_MS).ns) {
        sink_move_to(s, SINK_LEASE_S);
    } else {
        sink_again_in(s, s->place.at < s->until ? SINK_PACE_MS : SINK_REST_MS);
    }
}

/* What has arrived so far is kept, so that the next try begins there whoever makes it. */
static bool was_too_much(struct sink *s, const struct store_op *op)
{
    if (op->err.reason != R_DATABASE_TIMEOUT || !sink_slice_halve(&s->slice)) {
        return false;
    }
    s->running = NULL;
    log_event(LOG_DEBUG, "audit.sink_slice", F_STR("sink", s->name), F_INT("us", s->slice.us));
    sink_move_to(s, SINK_LEASE_S);
    return true;
}

static void have_page(struct store_op *op)
{
    struct sink *s = op->user;
    if (was_too_much(s, op) || sink_has_failed(s, op) || sink_has_broken(s)) {
        return;
    }
    sink_slice_took(&s->slice, (sink_now(s).ns - s->reading.ns) / 1000000);
    if (s->page.count == 0) {
        pass_on(s);
    } else {
        sink_send_page(s);
    }
}

void sink_read_on(struct sink *s)
{
    sink_prepare(s, &s->page.op, s->page_arena, have_page);
    s->page.after = s->place;
    s->page.before = sink_slice_end(s->slice, s->place.at, s->until, s->settled.kept_since);
    s->page.limit = SINK_PAGE_EVENTS;
    s->reading = sink_now(s);
    sink_store_page(&s->page);
}

/* Records that come after the clock was set back may lie before the place: `passed_us` ago it was not yet. */
static void mind_the_clock(struct sink *s, int64_t passed_us)
{
    int64_t from = s->settled.asked_at - passed_us - 1000000;
    if (from < s->place.at) {
        log_event(LOG_WARNING, "audit.sink_clock", F_STR("sink", s->name),
                  F_STR("advice", "The database's clock was set back. Records are sent again: see "
                                  "their event_id."));
        bool is_earlier = from < s->kept.at;
        sink_begin_at(s, is_earlier ? (struct sink_place){.at = from < 0 ? 0 : from} : s->kept);
    }
}

static void have_settled(struct store_op *op)
{
    struct sink *s = op->user;
    struct mono_time now = clock_mono();
    if (sink_has_failed(s, op) || sink_has_broken(s)) {
        return;
    }
    int64_t passed_us = s->asked.ns == 0 ? 0 : (now.ns - s->asked.ns) / 1000;
    if (s->settled.asked_at + SET_BACK_US < s->asked_at + passed_us) {
        mind_the_clock(s, s->asked.ns == 0 ? UNKNOWN_US : passed_us);
    }
    if (s->place.at != 0 && s->settled.kept_since > s->place.at) {
        log_event(LOG_ERROR, "audit.sink_missed", F_STR("sink", s->name),
                  F_STR("advice", "Months left the log before they were sent: see log_month_gone "
                                  "in the platform's log."));
    }
    s->problem = s->failures == 0 ? "" : s->problem;
    s->asked = now;
    s->asked_at = s->settled.asked_at;
    s->until = s->settled.settled;
    if (s->place.at != 0) {
        sink_tell_lag_now(s); /* a new one has nothing yet to be behind of */
    }
    if (s->place.at < s->until) {
        sink_read_on(s);
    } else {
        sink_again_in(s, SINK_REST_MS);
    }
}

static void ask(struct sink *s)
{
    sink_prepare(s, &s->settled.op, s->upkeep_arena, have_settled);
    audit_store_settled(&s->settled);
}

/* --- turns -------------------------------------------------------------------------------------- */

static void have_lease(struct store_op *op)
{
    struct sink *s = op->user;
    if (sink_has_failed(s, op)) {
        return;
    }
    s->is_held = s->lease.is_held;
    if (s->lease.place.at > s->kept.at) {
        s->failures = 0; /* another node has come further */
    }
    if (!s->is_held) {
        sink_tell_lag(s, s->lease.now - s->lease.place.at);
        sink_again_in(s, WATCH_MS);
        return;
    }
    sink_begin_at(s, s->lease.place);
    s->asked_at = s->lease.asked_at;
    s->asked = (struct mono_time){0};
    s->moved = sink_now(s);
    ask(s);
}

static void take_turn(struct sink *s)
{
    sink_prepare(s, &s->lease.op, s->upkeep_arena, have_lease);
    s->lease.name = s->name;
    s->lease.holder = s->holder;
    s->lease.lease_s = SINK_LEASE_S;
    sink_store_lease(&s->lease);
}

static void on_timer(struct loop_timer *timer)
{
    struct sink *s = LIST_ENTRY(timer, struct sink, timer);
    if (!store_is_ready(s->store)) {
        loop_timer_arm(timer, READY_MS);
    } else if (!s->is_held) {
        take_turn(s);
    } else if (sink_has_broken(s)) {
        return;
    } else if (s->place.at < s->until) {
        sink_read_on(s);
    } else {
        ask(s);
    }
}

/* --- beginning and end -------------------------------------------------------------------------- */

struct sink *sink_new(struct loop *loop, struct store *store, const char *name,
                      struct sink_way *way)
{
    struct sink *s = xcalloc(1, sizeof *s);
    s->loop = loop;
    s->store = store;
    s->name = name;
    s->way = way;
    s->problem = "";
    s->slice = sink_slice_first();
    s->holder = uuid_v7(clock_unix_us());
    s->page_arena = arena_new(PAGE_MEMORY);
    s->record_arena = arena_new(RECORD_MEMORY);
    s->upkeep_arena = arena_new(UPKEEP_MEMORY);
    sink_send_init(s);
    loop_timer_init(&s->timer, loop, on_timer);
    loop_timer_arm(&s->timer, READY_MS);
    return s;
}

static void give_up(struct sink *s)
{
    s->is_stopped = true;
    loop_timer_cancel(&s->timer);
    loop_task_cancel(&s->encoding);
    sink_end_sending(s);
    s->way->ops->stop(s->way);
    if (s->running != NULL) {
        store_op_cancel(s->running);
        s->running = NULL;
    }
}

void sink_stop(struct sink *s)
{
    bool was_held = s->is_held && !s->is_stopped;
    give_up(s);
    if (was_held && store_is_ready(s->store)) {
        sink_move_to(s, 0);
    }
}

void sink_free(struct sink *s)
{
    if (s == NULL) {
        return;
    }
    give_up(s);
    s->way->ops->free(s->way);
    loop_timer_fini(&s->timer);
    loop_timer_fini(&s->renewal);
    arena_free(s->page_arena);
    arena_free(s->record_arena);
    arena_free(s->upkeep_arena);
    xfree(s);
}

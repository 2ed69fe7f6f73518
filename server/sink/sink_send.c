/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "service/common/audit_record.h"
#include "sink/sink_internal.h"
#include "sink/sink_shorten.h"
#include "wire/message_text.h"

enum {
    ENCODE_NS = 2000000,    /* in one turn of the loop */
    BYTES_MOST = 1 << 20,   /* sent in one go */
    STALLED_MS = 30 * 1000, /* then it is told */
    AGAIN_FIRST_MS = 1000,  /* after a failure; twice as long each time, … */
    AGAIN_MOST_MS = 30000,  /* … but for this */
};

/* --- what has arrived --------------------------------------------------------------------------- */

static void fill_move(const struct sink *s, struct sink_move *move, int32_t lease_s)
{
    move->name = s->name;
    move->holder = s->holder;
    move->place = s->kept;
    move->asked_at = s->asked_at;
    move->sent = s->sent;
    move->problem = s->problem;
    move->lease_s = lease_s;
}

static void moved(struct store_op *op)
{
    struct sink *s = op->user;
    if (sink_has_failed(s, op)) {
        return;
    }
    s->sent = 0;
    s->moved = sink_now(s);
    s->is_held = s->move.is_held && s->move.lease_s > 0;
    if (!s->is_held) {
        sink_again_in(s, s->failures == 0 ? SINK_REST_MS : AGAIN_FIRST_MS << (s->failures - 1));
    } else {
        sink_again_in(s, s->place.at < s->until ? SINK_PACE_MS : SINK_REST_MS);
    }
}

void sink_move_to(struct sink *s, int32_t lease_s)
{
    sink_prepare(s, &s->move.op, s->upkeep_arena, moved);
    fill_move(s, &s->move, lease_s);
    sink_store_move(&s->move);
}

static void be_well(struct sink *s)
{
    if (s->problem[0] != '\0') {
        log_event(LOG_INFO, "audit.sink_recovered", F_STR("sink", s->name));
    }
    s->failures = 0;
    s->problem = "";
}

/* Only a place that nothing broke after says that the receiver is well: one that takes bytes and closes looks well to TCP. */
static void note_place(struct sink *s)
{
    struct mono_time now = sink_now(s);
    if (s->since.ns != 0 && now.ns < mono_add_ms(s->since, s->way->lost_ms).ns) {
        return;
    }
    if (s->way->lost_ms == 0) {
        s->kept = s->place;
        be_well(s);
        return;
    }
    if (s->since.ns != 0) {
        s->kept = s->next;
        be_well(s);
    }
    s->next = s->place;
    s->since = now;
}

/* Up to the end of the page, or up to the end of its slice if there was nothing behind it. */
void sink_arrive(struct sink *s)
{
    const struct sink_page *page = &s->page;
    bool is_whole = !page->op.is_cut && page->count < SINK_PAGE_EVENTS;
    if (is_whole) {
        s->place = (struct sink_place){.at = page->before};
    } else {
        const struct audit_event *last = &page->events[page->count - 1];
        s->place = (struct sink_place){.at = last->at, .event = last->event};
    }
    s->last = page->count > 0 ? sink_now(s) : s->last;
    s->sent += (int64_t)page->count;
    metric_add(M_SINK_RECORDS, s->name, NULL, (int64_t)page->count);
    note_place(s);
    sink_tell_lag(s, s->settled.asked_at - s->place.at);
}

/* --- sending ------------------------------------------------------------------------------------ */

static void renewed(struct store_op *op)
{
    struct sink *s = op->user;
    s->is_renewing = false;
    loop_timer_arm(&s->renewal, SINK_RENEW_MS);
}

/* While a receiver takes nothing, the others leave it to us. */
static void on_renewal(struct loop_timer *timer)
{
    struct sink *s = LIST_ENTRY(timer, struct sink, renewal);
    if (sink_now(s).ns >= mono_add_ms(s->sending, STALLED_MS).ns && s->problem[0] == '\0') {
        struct err err = {0};
        (void)err_raise(&err, R_SINK_STALLED, __FILE__, __LINE__, "%s", s->name).ok;
        s->problem = reason_info(R_SINK_STALLED)->name;
        log_event(LOG_WARNING, "audit.sink_stalled", F_STR("sink", s->name), F_FAILURE(&err));
    }
    sink_tell_lag_now(s);
    s->is_renewing = true;
    arena_reset(s->upkeep_arena);
    store_op_init(&s->renew.op, s->store, s->upkeep_arena, renewed, s);
    fill_move(s, &s->renew, SINK_LEASE_S);
    s->renew.sent = 0; /* the move itself tells them */
    sink_store_move(&s->renew);
}

void sink_end_sending(struct sink *s)
{
    s->sending = (struct mono_time){0};
    loop_timer_cancel(&s->renewal);
    if (s->is_renewing) {
        store_op_cancel(&s->renew.op);
        s->is_renewing = false;
    }
}

static void count_failure(struct sink *s, const struct err *err)
{
    metric_add(M_SINK_FAILURES, s->name, reason_info(err->reason)->name, 1);
    if (s->failures == 0) {
        log_event(LOG_WARNING, "audit.sink_failed", F_STR("sink", s->name), F_FAILURE(err));
    }
    s->failures += (AGAIN_FIRST_MS << s->failures) < AGAIN_MOST_MS ? 1 : 0;
    s->problem = reason_info(err->reason)->name;
}

/* Another node may have better luck, so it may go on at once. */
static void fail(struct sink *s, const struct err *err)
{
    count_failure(s, err);
    sink_begin_at(s, s->kept);
    sink_tell_lag_now(s);
    sink_move_to(s, 0);
}

static void sent(void *user, const struct err *err)
{
    struct sink *s = user;
    sink_end_sending(s);
    if (err->reason != R_NONE) {
        fail(s, err);
        return;
    }
    if (s->failures == 0) {
        be_well(s); /* it had stalled */
    }
    sink_arrive(s);
    sink_move_to(s, SINK_LEASE_S);
}

/* A connection that ends when nothing is on its way and nothing came lately does no harm: many receivers end what is idle. Without
 * the lease we begin at the database's place anyway. */
static void broken(void *user, const struct err *err)
{
    struct sink *s = user;
    bool is_recent = s->last.ns != 0 && sink_now(s).ns < mono_add_ms(s->last, s->way->lost_ms).ns;
    if (s->sending.ns == 0 && s->is_held && is_recent && !s->has_broken) {
        s->has_broken = true;
        count_failure(s, err);
    }
}

static void send_bytes(struct sink *s)
{
    struct slice bytes;
    struct err err = {0};
    if (sink_has_broken(s)) {
        return;
    }
    if (!buf_finish(&s->bytes, &bytes, &err).ok) {
        fail(s, &err);
        return;
    }
    s->sending = sink_now(s);
    loop_timer_arm(&s->renewal, SINK_RENEW_MS);
    s->way->ops->send(s->way, bytes);
}

/* One that somebody has put into the log by hand must not hold up all that follow. */
static rc shorten(struct sink *s, struct audit_event *event, struct err *err)
{
    bool was_cut;
    char id[UUID_TEXT_BYTES];
    TRY(sink_shorten(s->record_arena, event, &was_cut, err));
    if (was_cut) {
        uuid_format(event->event.u, id);
        log_event(LOG_WARNING, "audit.sink_shortened", F_STR("sink", s->name),
                  F_STR("event_id", id));
    }
    return OK;
}

static rc encode_one(struct sink *s, size_t i, struct err *err)
{
    struct audit_event shown = s->page.events[i], *event = &shown;
    Chancery__V1__AuditEvent message;
    arena_reset(s->record_arena);
    TRY(shorten(s, event, err));
    struct sink_record record = {
        .at = event->at, .operation = event->operation, .granted = event->granted};
    chancery__v1__audit_event__init(&message);
    ENSURE(audit_record_fill(s->record_arena, event, s->page.tenants[i], &message), err,
           R_ARENA_EXHAUSTED);
    TRY(message_to_json(s->record_arena, &message.base, false, true, &record.json, err));
    s->way->ops->frame(s->way, &record, &s->bytes);
    return OK;
}

static void encode(struct loop_task *task)
{
    struct sink *s = LIST_ENTRY(task, struct sink, encoding);
    struct err err = {0};
    int64_t began = loop_turn_ns(s->loop);
    while (s->encoded < s->page.count) {
        if (!encode_one(s, s->encoded, &err).ok) {
            fail(s, &err);
            return;
        }
        s->encoded++;
        if (s->bytes.len > BYTES_MOST && s->encoded < s->page.count) {
            s->page.count = s->encoded;
            s->page.op.is_cut = true;
        } else if (loop_turn_ns(s->loop) - began >= ENCODE_NS) {
            loop_defer_to_next_turn(s->loop, task);
            return;
        }
    }
    send_bytes(s);
}

void sink_send_page(struct sink *s)
{
    s->encoded = 0;
    buf_init(&s->bytes, s->page_arena);
    loop_defer_to_next_turn(s->loop, &s->encoding);
}

void sink_send_init(struct sink *s)
{
    s->way->done = sent;
    s->way->broken = broken;
    s->way->user = s;
    loop_task_init(&s->encoding, encode);
    loop_timer_init(&s->renewal, s->loop, on_renewal);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/otlp_lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ids.h"
#include "base/mem.h"
#include "obs/log.h"
#include "obs/metrics.h"

enum {
    REQUEST_BUDGET = 8 * 1024 * 1024,
    PAUSE_MS = 1000,       /* after the first failure, twice as long after each further one … */
    PAUSE_MAX_MS = 30000,  /* … up to this */
    ASKED_MAX_MS = 300000, /* as long as a collector may ask for (Retry-After) */
    URL_BYTES = 1024,
};

static void begin(struct otlp_lane *lane);

static void forget(struct otlp_lane *lane)
{
    lane->items = 0;
    lane->body = SLICE_NONE;
    arena_reset(lane->arena);
}

static void drop(struct otlp_lane *lane, const char *why)
{
    metric_add(M_OTLP_DROPPED, lane->signal->name, why, (int64_t)lane->items);
    forget(lane);
}

void otlp_lane_lose(const struct otlp_lane *lane, size_t items)
{
    if (items > 0) {
        metric_add(M_OTLP_DROPPED, lane->signal->name, "ended", (int64_t)items);
        log_event(LOG_WARNING, "otlp.left_unsent", F_STR("signal", lane->signal->name),
                  F_INT("items", items));
    }
}

/* --- what came of it ---------------------------------------------------------------------------- */

/* Once, and not for each request of a collector that is away. */
static void tell_failure(const struct otlp_lane *lane, const struct otlp_answer *answer)
{
    if (lane->failures == 1) {
        log_event(LOG_WARNING, "otlp.failing", F_STR("signal", lane->signal->name),
                  F_INT("status", answer->status), F_USER("detail", answer->problem),
                  F_STR("advice",
                        "Is otlp_endpoint a collector that takes OTLP by HTTP? What it does not "
                        "take is dropped and counted in chancery_otlp_dropped_total."));
    }
}

static void taken(struct otlp_lane *lane, const struct otlp_answer *answer)
{
    const char *why = "";
    int64_t items = (int64_t)lane->items;
    int64_t rejected = lane->signal->rejected(lane->arena, answer->body, &why);
    rejected = rejected < 0 ? 0 : rejected > items ? items : rejected;
    if (lane->failures > 0) {
        log_event(LOG_INFO, "otlp.works", F_STR("signal", lane->signal->name));
    }
    if (rejected > 0 && !lane->is_partial) {
        log_event(LOG_WARNING, "otlp.partly_refused", F_STR("signal", lane->signal->name),
                  F_INT("items", rejected), F_USER("detail", why));
    }
    lane->failures = 0;
    lane->is_partial = rejected > 0;
    metric_add(M_OTLP_SENT, lane->signal->name, NULL, items - rejected);
    if (rejected > 0) {
        metric_add(M_OTLP_DROPPED, lane->signal->name, "refused", rejected);
    }
    forget(lane);
}

/* As OTLP has it (OTLP/HTTP Response, Failures), and when no answer came. */
static bool may_try_again(long status)
{
    return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
}

/* A random part, so that the workers of all nodes don't come back together. */
static int64_t pause_ms(const struct otlp_lane *lane, long asked_s)
{
    unsigned doublings = lane->failures < 6 ? lane->failures - 1 : 5;
    int64_t ms = PAUSE_MS << doublings;
    ms = ms > PAUSE_MAX_MS ? PAUSE_MAX_MS : ms;
    int64_t asked_ms = asked_s > ASKED_MAX_MS / 1000 ? ASKED_MAX_MS : asked_s * 1000;
    ms = asked_ms > ms ? asked_ms : ms;
    return ms + ms * uuid_random().b[0] / 1024;
}

static void rest(struct otlp_lane *lane, long asked_s)
{
    int64_t ms = pause_ms(lane, asked_s);
    int64_t end_ns = mono_add_ms(loop_now(lane->collector->loop), ms).ns;
    if (end_ns - lane->kept_since_ns > lane->signal->keep_ms * 1000000) {
        drop(lane, "late");
    }
    lane->state = LANE_RESTING;
    loop_timer_arm(&lane->pause, ms);
}

static void failed(struct otlp_lane *lane, const struct otlp_answer *answer)
{
    lane->failures++;
    tell_failure(lane, answer);
    if (!may_try_again(answer->status)) {
        drop(lane, "refused");
    } else if (lane->ended != NULL) {
        otlp_lane_lose(lane, lane->items);
        forget(lane);
    } else {
        rest(lane, answer->retry_after_s);
    }
}

static void answered(void *user, const struct otlp_answer *answer)
{
    struct otlp_lane *lane = user;
    lane->post = NULL;
    lane->state = LANE_IDLE;
    if (answer->status >= 200 && answer->status < 300) {
        taken(lane, answer);
    } else {
        failed(lane, answer);
    }
    if (lane->state == LANE_IDLE && (lane->ended != NULL || lane->signal->is_full(lane->ctx))) {
        begin(lane);
    }
}

/* --- requests ----------------------------------------------------------------------------------- */

static void end_if_asked(struct otlp_lane *lane)
{
    if (lane->ended != NULL) {
        lane->ended(lane->ctx);
    }
}

/* The request that is kept, or what waits. */
static void begin(struct otlp_lane *lane)
{
    if (lane->items == 0) {
        lane->items = lane->signal->fill(lane->ctx, lane->arena, &lane->body);
        lane->kept_since_ns = loop_now(lane->collector->loop).ns;
    }
    if (lane->items > 0 && lane->body.len == 0) {
        drop(lane, "too_large");
    }
    if (lane->items == 0) {
        lane->state = LANE_IDLE;
        end_if_asked(lane);
        return;
    }
    lane->state = LANE_SENDING;
    lane->post = otlp_post_start(lane->collector, lane->url, lane->body, answered, lane);
    if (lane->post == NULL) {
        lane->failures++;
        rest(lane, 0);
    }
}

static void pause_over(struct loop_timer *timer)
{
    begin(LIST_ENTRY(timer, struct otlp_lane, pause));
}

void otlp_lane_send(struct otlp_lane *lane)
{
    if (lane->state == LANE_IDLE) {
        begin(lane);
    }
}

void otlp_lane_end(struct otlp_lane *lane, void (*ended)(void *ctx))
{
    lane->ended = ended;
    loop_timer_cancel(&lane->pause);
    if (lane->state != LANE_SENDING) {
        begin(lane);
    }
}

void otlp_lane_init(struct otlp_lane *lane, const struct otlp_signal *signal,
                    const struct otlp_collector *collector, const char *endpoint, const char *path,
                    void *ctx)
{
    char url[URL_BYTES];
    snprintf(url, sizeof url, "%s%s", endpoint, path);
    *lane = (struct otlp_lane){.signal = signal,
                               .collector = collector,
                               .url = xstrdup(url),
                               .ctx = ctx,
                               .arena = arena_new(REQUEST_BUDGET)};
    loop_timer_init(&lane->pause, collector->loop, pause_over);
}

void otlp_lane_fini(struct otlp_lane *lane)
{
    if (lane->url == NULL) {
        return; /* it was never begun */
    }
    if (lane->post != NULL) {
        otlp_post_cancel(lane->post);
    }
    otlp_lane_lose(lane, lane->items);
    loop_timer_fini(&lane->pause);
    arena_free(lane->arena);
    xfree(lane->url);
    lane->url = NULL;
}

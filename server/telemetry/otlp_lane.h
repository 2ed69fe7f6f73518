/* SPDX-License-Identifier: Apache-2.0 */
/* The way of one signal (spans, metrics) to the collector: one request at a time, which is made again while the collector is away
 * or asks for time, with pauses that grow.
 *
 *   IDLE ──send──▶ SENDING ──taken, refused──▶ IDLE, or SENDING again when more waits
 *     ▲                │ ▲
 *     └─ nothing waits │ └─ after the pause: the same again, or what waits now
 *                      └──away, busy──▶ RESTING
 *
 * What was given up is counted (M_OTLP_DROPPED). Loop thread only. */
#pragma once

#include "telemetry/otlp_post.h"

struct arena;

/* What is sent. Static and constant. */
struct otlp_signal {
    const char *name; /* label of metrics, and in the log: "spans" */
    int64_t keep_ms;  /* how long one request is tried */
    /* Make the next request; how many items it has. 0: nothing waits. An empty body: it had no room in the arena. */
    size_t (*fill)(void *ctx, struct arena *arena, struct slice *body);
    /* Whether so much waits that the next request is made at once. */
    bool (*is_full)(const void *ctx);
    /* Items that the answer to a request that was taken says were not; *why is lent from the arena. */
    int64_t (*rejected)(struct arena *arena, struct slice answer, const char **why);
};

enum otlp_lane_state { LANE_IDLE, LANE_SENDING, LANE_RESTING };

/* Embedded in its owner. */
struct otlp_lane {
    const struct otlp_signal *signal;
    const struct otlp_collector *collector;
    char *url;
    void *ctx;
    enum otlp_lane_state state;
    struct arena *arena; /* of the request */
    struct slice body;
    size_t items; /* 0: no request is kept */
    int64_t kept_since_ns;
    unsigned failures; /* one after another */
    bool is_partial;   /* the last answer refused some */
    struct otlp_post *post;
    struct loop_timer pause;
    void (*ended)(void *ctx); /* NULL: it goes on */
};

/* Borrows all but the path, which is added to the endpoint. */
void otlp_lane_init(struct otlp_lane *lane, const struct otlp_signal *signal,
                    const struct otlp_collector *collector, const char *endpoint, const char *path,
                    void *ctx);
/* Send what waits, unless the lane is at it. */
void otlp_lane_send(struct otlp_lane *lane);
/* Send all that waits, each request once, then call `ended`, perhaps from within. */
void otlp_lane_end(struct otlp_lane *lane, void (*ended)(void *ctx));
/* The worker ends, and nobody will send these items: counted and logged. */
void otlp_lane_lose(const struct otlp_lane *lane, size_t items);
/* Drop what is on its way. */
void otlp_lane_fini(struct otlp_lane *lane);

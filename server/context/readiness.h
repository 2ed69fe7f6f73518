/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this worker can decide and record: one state, from which all who ask are told. /readyz and
 * grpc.health.v1 read it, Watch and the supervisor (so systemd) hear of its changes.
 *
 *     not ready (with the reason) <──> ready
 *              └──────────┬─────────────┘
 *                         v
 *                       ended       the worker drains; nothing changes any more
 *
 * Loop thread only. */
#pragma once

#include "base/err.h"
#include "base/list.h"

struct readiness {
    enum reason problem; /* R_NONE: ready */
    bool has_ended;
    struct list waiting;
};

/* Who wants to hear of the next change. Embedded in its owner. */
struct readiness_wait {
    struct list link;
    void (*changed)(struct readiness_wait *wait);
};

/* Not ready for `problem`. */
void readiness_init(struct readiness *readiness, enum reason problem);
/* All who wait are told, once, if this changes anything; whoever waits again within its callback hears of
 * the next change. */
void readiness_set(struct readiness *readiness, enum reason problem);
/* The worker drains: it is not ready for R_SHUTTING_DOWN, for good. */
void readiness_end(struct readiness *readiness);
void readiness_wait(struct readiness *readiness, struct readiness_wait *wait,
                    void (*changed)(struct readiness_wait *wait));
/* Say in the log how it is. */
void readiness_log(const struct readiness *readiness, unsigned worker);
/* Does nothing for one that was told. */
void readiness_wait_cancel(struct readiness_wait *wait);

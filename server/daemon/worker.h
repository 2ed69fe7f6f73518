/* SPDX-License-Identifier: Apache-2.0 */
/* A worker process: one event loop with everything on it. */
#pragma once

#include <stdatomic.h>

#include <stdbool.h>
#include <stdint.h>

struct generation;
struct net_tickets;
struct store_timelines;

/* Exit codes that the supervisor understands (sysexits.h has 78 as EX_CONFIG). */
enum { EXIT_AGAIN = 1, EXIT_HOPELESS = 78 };

/* What the supervisor sees of a worker, in memory that both share. */
struct worker_status {
    _Atomic int64_t beat_ms; /* monotonic, of the last turn of its loop's clock */
    _Atomic bool is_ready;   /* it was ready once, and listens */
    _Atomic int problem;     /* why it is not ready now: enum reason */
};

/* What the supervisor and the workers share; borrows. */
struct worker_shared {
    struct net_tickets *tickets;
    struct store_timelines *timelines;
    struct worker_status *status; /* of this worker */
};

/* Serve on the generation's sockets of this worker until SIGTERM; the exit code. If they rest, they are opened when
 * it is ready, and it takes no connection before. */
int worker_run(struct generation *g, const struct worker_shared *shared, unsigned index);

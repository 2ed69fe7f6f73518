/* SPDX-License-Identifier: Apache-2.0 */
/* A worker process: one event loop with everything on it. */
#pragma once

#include <stdatomic.h>

#include "conf/conf.h"

struct net_tickets;

/* Exit codes that the supervisor understands (sysexits.h has 78 as EX_CONFIG). */
enum { EXIT_AGAIN = 1, EXIT_HOPELESS = 78 };

/* What the supervisor sees of a worker, in memory that both share. */
struct worker_status {
    _Atomic int64_t beat_ms; /* monotonic, of the last turn of its loop's clock */
    _Atomic bool is_ready;   /* it was ready once, and listens */
    _Atomic int problem;     /* why it is not ready now: enum reason */
};

/* Serve on these listening sockets, one per configured listener, until SIGTERM; the exit code. */
int worker_run(const Conf *conf, const int *sockets, struct net_tickets *tickets, unsigned index,
               struct worker_status *status);

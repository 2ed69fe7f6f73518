/* SPDX-License-Identifier: Apache-2.0 */
/* The worker processes, as the supervisor sees them.
 *
 *     (start) ──> STARTING ──> SERVING ──> LEAVING ──> (gone)      (gone from everywhere)
 *
 *     STARTING  it doesn't say yet that it serves
 *     SERVING   it was ready once; whether the database is there meanwhile is its own matter
 *     LEAVING   it was told to end, and is killed when it has not by then
 *
 * A worker says in shared memory that its loop still turns. One that has not for HUNG_MS is killed. */
#pragma once

#include <sys/types.h>

#include "daemon/generation.h"
#include "daemon/worker.h"

enum {
    CHILDREN_MAX = 4 * CONF_WORKERS_MAX, /* with those that leave */
    HUNG_MS = 20 * 1000,
    KILL_MARGIN_MS = 5000, /* beyond the time that the configuration gives for draining */
    STARVED_MS = 10 * 1000,
};

enum child_state { CHILD_NONE, CHILD_STARTING, CHILD_SERVING, CHILD_LEAVING };

struct child {
    enum child_state state;
    pid_t pid;
    unsigned index;              /* which worker of its generation */
    const struct generation *of; /* only to be compared: it may be gone */
    int64_t started, kill_at;    /* monotonic milliseconds */
    int64_t unwell_since;        /* when it was last found able to decide; 0: it is */
    struct worker_status *status;
    const char *killed_as; /* how its end counts if we killed it; NULL: we have not */
};

struct children {
    struct child all[CHILDREN_MAX];
    struct worker_status *statuses;    /* one each, shared with the workers */
    struct net_tickets *tickets;       /* shared with them too, and so are the … */
    struct store_timelines *timelines; /* … databases' timelines that they have seen */
    struct metric_boards *metrics;     /* one for each of all */
};

rc children_init(struct children *children, struct err *err);
/* Start a worker of a generation; NULL: it can't be started now. `other`: of which it must not keep
 * sockets; may be NULL. */
struct child *children_start(struct children *children, struct generation *g,
                             struct generation *other, unsigned index);
/* Let a worker end. */
void child_dismiss(struct child *child, int64_t drain_ms);
/* `as`: how its end counts, as a label of M_WORKER_ENDS, unless it was killed before. */
void child_kill(struct child *child, const char *as);
/* How the end of one that was collected counts; "meant": nothing is wrong. */
const char *child_ended_how(const struct child *child, enum child_state was, int status);
/* Note who has become ready, and kill who is hung or late. True: somebody became ready. */
bool children_watch(struct children *children);
/* The next one that has ended, with its wait status; NULL: none. It is CHILD_NONE by then, its other
 * members as they were. */
struct child *children_collect(struct children *children, enum child_state *was, int *status);
/* Why one of those that serve is not ready; R_NONE: all are. */
enum reason children_problem(const struct children *children);
bool children_any(const struct children *children);
/* Whether a worker of this generation can decide and record. */
bool children_any_well(const struct children *children, const struct generation *g);
/* One of this generation that can't decide for STARVED_MS already, where another one can, or could with the
 * connections to the database that this one has; NULL: there is none. */
struct child *children_starved(struct children *children, const struct generation *g);
/* The worker of this number and generation that is STARTING or SERVING; NULL: there is none. */
struct child *children_find(struct children *children, const struct generation *g, unsigned index);
int64_t children_now(void);

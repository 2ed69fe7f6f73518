/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of refusals of callers whom nobody knows (docs/interface.md §2.2): they are counted and told by
 * summaries, which are written beside the calls, and their network is limited. One for each worker. Loop thread
 * only. */
#pragma once

#include "auth/refusal_tally.h"
#include "loop/loop.h"

struct store;
struct refusals;

enum { REFUSALS_WINDOW_MS = 60 * 1000 };

struct refusals_config {
    unsigned failures_per_second; /* of one network; 0: 100 */
    int64_t window_ms;            /* between two rows of one entry; 0: REFUSALS_WINDOW_MS */
};

/* Borrows loop and store. */
struct refusals *refusals_new(struct loop *loop, struct store *store,
                              const struct refusals_config *config);
void refusals_free(struct refusals *refusals);
/* Count a refusal. `is_failure`: of a credential that was no good. */
void refusals_add(struct refusals *refusals, const struct refusal *refusal, bool is_failure);
/* Whether the refusal of what a component carries is to be recorded by itself; if not, add it. */
bool refusals_is_single(struct refusals *refusals, const struct refusal *refusal);
/* Whether so many callers from there have failed that no more credentials are looked at. */
bool refusals_is_limited(struct refusals *refusals, const char *peer);
/* Write what is counted, as far as the database is there, and then tell; after limit_ms at the latest. */
void refusals_flush(struct refusals *refusals, int64_t limit_ms, void (*flushed)(void *ctx),
                    void *ctx);

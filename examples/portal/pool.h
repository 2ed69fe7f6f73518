/* SPDX-License-Identifier: Apache-2.0 */
/* Threads for whatever blocks: questions to the authority and to providers, and reading mails. The loop
 * itself never does. */
#pragma once

#include <event2/event.h>
#include <stdbool.h>

struct pool;

/* So many threads, and so many pieces of work that wait for one. NULL on failure. */
struct pool *pool_new(struct event_base *base, long threads, long waiting);
/* Wait for all work, and finish it. Whoever asks for more is told that too much waits. NULL is fine. */
void pool_stop(struct pool *pool);
/* Stopped before; NULL is fine. */
void pool_free(struct pool *pool);
/* Have `work` done by a thread, and `done` by the loop after it. False if too much waits, or the pool
 * is stopped: then neither is called. */
bool pool_run(struct pool *pool, void (*work)(void *), void (*done)(void *), void *arg);

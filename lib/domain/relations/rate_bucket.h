/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a second, and how many may come at once: a bucket that fills (docs/policy.md §11.1). Pure: time comes in as an
 * argument.
 *
 * A bucket holds one worker's share of a limit: as much of it as of all calls come to this worker. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

enum { RATE_SHARE_ALL = 1000000 /* millionths of the limit */ };

struct rate {
    uint32_t per_second; /* 1 to CALLS_PER_SECOND_MAX */
    uint32_t burst_s;    /* what so many seconds bring may come at once: 1 to 60 */
};

/* What it holds, in billionths of a call, and when that was so. Below zero after a batch that was larger than what may
 * come at once. */
struct rate_bucket {
    int64_t holds;
    struct mono_time at;
};

/* A full one. */
struct rate_bucket rate_bucket_new(struct rate rate, struct mono_time now);
/* Let in what has come since then. `share`: millionths, 1 to RATE_SHARE_ALL. */
void rate_bucket_fill(struct rate_bucket *bucket, struct rate rate, uint32_t share,
                      struct mono_time now);
/* How long until there is room for so many calls, in ns; 0: there is. A batch that is larger than what may come at once
 * has room when the bucket is full. Of a bucket that was filled to `now`. */
int64_t rate_bucket_wait_ns(const struct rate_bucket *bucket, struct rate rate, uint32_t share,
                            uint32_t calls);
void rate_bucket_take(struct rate_bucket *bucket, uint32_t calls);
/* Owe no more than what one second brings. */
void rate_bucket_bound_debt(struct rate_bucket *bucket, struct rate rate, uint32_t share);
/* Calls that were taken, and not made. */
void rate_bucket_return(struct rate_bucket *bucket, uint32_t calls);

/* A worker's share, by how many calls a second come to it and to the others. */
uint32_t rate_share(int64_t own, int64_t others);
/* Whether others have to know of so many calls a second: where all hold back, those of whom nobody knows are few. */
bool rate_is_near(struct rate rate, int64_t own);
/* How many calls a second come, by how many came in the last one and what was said before. */
int64_t rate_demand(int64_t before, int64_t came);

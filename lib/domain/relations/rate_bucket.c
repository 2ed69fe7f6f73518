/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/rate_bucket.h"

static const int64_t CALL = 1000000000; /* billionths of one; as many as a second has ns */

enum { NEAR_PART = 16 };

/* Billionths of a call in a ns, times RATE_SHARE_ALL: at most 10^11. */
static int64_t speed(struct rate rate, uint32_t share)
{
    return (int64_t)rate.per_second * share;
}

/* At least one call, however small the share is: it has to be worth trying. At most 6 * 10^15. */
static int64_t capacity(struct rate rate, uint32_t share)
{
    int64_t room = speed(rate, share) * rate.burst_s * (CALL / RATE_SHARE_ALL);
    return room < CALL ? CALL : room;
}

struct rate_bucket rate_bucket_new(struct rate rate, struct mono_time now)
{
    return (struct rate_bucket){.holds = capacity(rate, RATE_SHARE_ALL), .at = now};
}

/* What a long time brings is no more than what fits: so nothing overflows. */
void rate_bucket_fill(struct rate_bucket *bucket, struct rate rate, uint32_t share,
                      struct mono_time now)
{
    int64_t most = capacity(rate, share), ns = now.ns - bucket->at.ns;
    int64_t ms = ns / 1000000;
    int64_t comes = ms >= 60000 ? most : ns / 1000 * speed(rate, share) / (RATE_SHARE_ALL / 1000);
    bucket->holds = bucket->holds + comes < most ? bucket->holds + comes : most;
    bucket->at.ns = now.ns - ns % 1000; /* what is less than a µs counts the next time */
}

int64_t rate_bucket_wait_ns(const struct rate_bucket *bucket, struct rate rate, uint32_t share,
                            uint32_t calls)
{
    int64_t wanted = calls * CALL, most = capacity(rate, share);
    int64_t lacks = (wanted < most ? wanted : most) - bucket->holds;
    return lacks <= 0 ? 0 : lacks / speed(rate, share) * RATE_SHARE_ALL + RATE_SHARE_ALL;
}

void rate_bucket_take(struct rate_bucket *bucket, uint32_t calls)
{
    bucket->holds -= calls * CALL;
}

void rate_bucket_bound_debt(struct rate_bucket *bucket, struct rate rate, uint32_t share)
{
    int64_t most = speed(rate, share) * (CALL / RATE_SHARE_ALL);
    bucket->holds = bucket->holds < -most ? -most : bucket->holds;
}

void rate_bucket_return(struct rate_bucket *bucket, uint32_t calls)
{
    bucket->holds += calls * CALL;
}

uint32_t rate_share(int64_t own, int64_t others)
{
    if (others <= 0) {
        return RATE_SHARE_ALL;
    }
    int64_t counted = own < 1 ? 1 : own;
    int64_t share =
        (int64_t)((double)RATE_SHARE_ALL * (double)counted / (double)(counted + others));
    return share < 1 ? 1 : (uint32_t)share;
}

bool rate_is_near(struct rate rate, int64_t own)
{
    return own > 0 && own * NEAR_PART >= rate.per_second;
}

/* Half of what there was counts on, so that the worker's share doesn't jump. */
int64_t rate_demand(int64_t before, int64_t came)
{
    return (before + came + (came > before ? 1 : 0)) / 2;
}

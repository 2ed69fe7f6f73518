/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/failure_limit.h"

#include "base/err.h"
#include "base/hashmap.h"
#include "base/mem.h"

static const int64_t SECOND_NS = 1000000000;

struct bucket {
    int64_t empty_at; /* monotonic ns: when the last failure will have leaked out */
};

struct failure_limit {
    struct hashmap *buckets; /* by the network's text */
    int64_t per_failure_ns;  /* in which one leaks out */
};

struct failure_limit *failure_limit_new(unsigned per_second)
{
    struct failure_limit *limit = xcalloc(1, sizeof *limit);
    CH_ASSERT(per_second > 0 && per_second <= SECOND_NS);
    limit->per_failure_ns = SECOND_NS / per_second;
    limit->buckets = hashmap_new(FAILURE_NETWORKS_MAX, xfree);
    return limit;
}

void failure_limit_free(struct failure_limit *limit)
{
    if (limit != NULL) {
        hashmap_free(limit->buckets);
        xfree(limit);
    }
}

/* One more would not fit. */
static bool is_full(const struct failure_limit *limit, const struct bucket *bucket,
                    struct mono_time now)
{
    return bucket->empty_at + limit->per_failure_ns - now.ns > FAILURE_BURST_S * SECOND_NS;
}

void failure_limit_note(struct failure_limit *limit, const struct network *from,
                        struct mono_time now)
{
    if (!from->has_address) {
        return;
    }
    struct bucket *bucket = hashmap_get(limit->buckets, slice_str(from->text));
    if (bucket == NULL) {
        bucket = xcalloc(1, sizeof *bucket);
        hashmap_put(limit->buckets, slice_str(from->text), bucket);
    }
    if (!is_full(limit, bucket, now)) {
        bucket->empty_at =
            (bucket->empty_at > now.ns ? bucket->empty_at : now.ns) + limit->per_failure_ns;
    }
}

bool failure_limit_is_reached(struct failure_limit *limit, const struct network *from,
                              struct mono_time now)
{
    const struct bucket *bucket =
        from->has_address ? hashmap_get(limit->buckets, slice_str(from->text)) : NULL;
    return bucket != NULL && is_full(limit, bucket, now);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/rate_limits.h"

#include <string.h>

#include "base/hashmap.h"
#include "base/list.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "domain/relations/rate_bucket.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/resource/quota_store.h"

enum { EXCHANGE_MS = 1000, EXCHANGE_BUDGET = 256 * 1024, ASKS_MAX = 4 };

/* Of one limit of one of them. */
struct bucket {
    struct list link; /* in limits->busy, while is_busy */
    struct uuid id;
    struct rate rate;
    struct rate_bucket holds;
    uint32_t share;
    int64_t came;   /* calls since the last exchange, refused ones too */
    int64_t demand; /* calls a second until then */
    bool is_busy;
};

struct rate_limits {
    struct loop *loop;
    struct store *store;
    struct rate_limits_config config;
    struct hashmap *buckets[RATE_KINDS]; /* apart, so that many networks evict no tenant's */
    struct list busy;                    /* that are or were asked lately */
    struct loop_timer timer;
    struct uuid worker;
    struct arena *arena; /* of one exchange */
    struct rate_exchange exchange;
    bool is_exchanging, has_failed;
};

static void on_timer(struct loop_timer *timer);

static void free_bucket(void *value)
{
    struct bucket *bucket = value;
    if (bucket->is_busy) {
        list_remove(&bucket->link);
    }
    xfree(bucket);
}

struct rate_limits *rate_limits_new(struct loop *loop, struct store *store,
                                    const struct rate_limits_config *config)
{
    struct rate_limits *limits = xcalloc(1, sizeof *limits);
    limits->loop = loop;
    limits->store = store;
    limits->config = *config;
    limits->config.burst_s = config->burst_s == 0 ? 2 : config->burst_s;
    limits->worker = uuid_v7(loop_unix_us(loop));
    limits->arena = arena_new(EXCHANGE_BUDGET);
    list_init(&limits->busy);
    for (size_t kind = 0; kind < RATE_KINDS; kind++) {
        limits->buckets[kind] = hashmap_new(RATE_BUCKETS_MAX, free_bucket);
    }
    loop_timer_init(&limits->timer, loop, on_timer);
    return limits;
}

void rate_limits_free(struct rate_limits *limits)
{
    if (limits == NULL) {
        return;
    }
    if (limits->is_exchanging) {
        store_op_cancel(&limits->exchange.op);
    }
    loop_timer_fini(&limits->timer);
    for (size_t kind = 0; kind < RATE_KINDS; kind++) {
        hashmap_free(limits->buckets[kind]);
    }
    arena_free(limits->arena);
    xfree(limits);
}

const char *rate_kind_name(enum rate_kind kind)
{
    static const char *const names[RATE_KINDS] = {"tenant", "component", "principal", "network"};
    return names[kind];
}

/* --- buckets ------------------------------------------------------------------------------------ */

/* All workers have to come to the same, and a person's address says nothing to whoever reads the table. */
static bool id_of(const struct rate_ask *ask, struct uuid *out)
{
    uint8_t hash[SHA256_BYTES];
    uint8_t text[1 + 512] = {(uint8_t)ask->kind};
    size_t len = ask->whom.len < sizeof text - 1 ? ask->whom.len : sizeof text - 1;
    memcpy(text + 1, ask->whom.ptr, len);
    if (!hash_sha256(slice_of(text, len + 1), hash, NULL).ok) {
        return false;
    }
    memcpy(out->b, hash, UUID_BYTES);
    return true;
}

static uint32_t limit_of(const struct rate_limits *limits, const struct rate_ask *ask)
{
    return ask->own_limit != 0 ? ask->own_limit : limits->config.per_second[ask->kind];
}

/* Filled up to now; NULL: there is no limit. */
static struct bucket *find_bucket(struct rate_limits *limits, const struct rate_ask *ask)
{
    struct rate rate = {limit_of(limits, ask), limits->config.burst_s};
    struct mono_time now = loop_now(limits->loop);
    struct uuid id;
    if (rate.per_second == 0 || !id_of(ask, &id)) {
        return NULL;
    }
    struct hashmap *buckets = limits->buckets[ask->kind];
    struct bucket *bucket = hashmap_get(buckets, slice_of(id.b, UUID_BYTES));
    if (bucket == NULL) {
        bucket = xcalloc(1, sizeof *bucket);
        bucket->id = id;
        bucket->share = RATE_SHARE_ALL;
        bucket->holds = rate_bucket_new(rate, now);
        hashmap_put(buckets, slice_of(id.b, UUID_BYTES), bucket);
    }
    bucket->rate = rate;
    rate_bucket_fill(&bucket->holds, rate, bucket->share, now);
    return bucket;
}

static void note_asked(struct rate_limits *limits, struct bucket *bucket, uint32_t calls)
{
    bucket->came += calls;
    if (!bucket->is_busy) {
        bucket->is_busy = true;
        list_append(&limits->busy, &bucket->link);
    }
    if (!loop_timer_is_armed(&limits->timer) && !limits->is_exchanging) {
        loop_timer_arm(&limits->timer, EXCHANGE_MS);
    }
}

/* Of a large batch, whoever has a limit of their own owes all of it, and by that makes up for it. Others share the last
 * limit, and don't wait for it longer than a second. */
static void take_all(struct bucket *const *found, size_t count, uint32_t calls)
{
    bool is_owed = false;
    for (size_t i = 0; i < count; i++) {
        if (found[i] == NULL) {
            continue;
        }
        bool is_shared = is_owed && i + 1 == count;
        rate_bucket_take(&found[i]->holds, calls);
        if (is_shared) {
            rate_bucket_bound_debt(&found[i]->holds, found[i]->rate, found[i]->share);
        }
        is_owed = true;
    }
}

bool rate_limits_take(struct rate_limits *limits, const struct rate_ask *asks, size_t count,
                      uint32_t calls, uint32_t counted, struct rate_refusal *refusal)
{
    struct bucket *found[ASKS_MAX];
    CH_ASSERT(count <= ASKS_MAX);
    *refusal = (struct rate_refusal){.wait_ns = 0};
    for (size_t i = 0; i < count; i++) {
        struct bucket *bucket = found[i] = find_bucket(limits, &asks[i]);
        if (bucket == NULL) {
            continue;
        }
        note_asked(limits, bucket, calls - counted);
        rate_bucket_return(&bucket->holds, counted);
        int64_t wait_ns = rate_bucket_wait_ns(&bucket->holds, bucket->rate, bucket->share, calls);
        if (wait_ns > refusal->wait_ns) {
            *refusal = (struct rate_refusal){&asks[i], wait_ns, bucket->rate.per_second};
        }
    }
    if (refusal->wait_ns > 0) {
        metric_add(M_RATE_LIMITED, rate_kind_name(refusal->ask->kind), NULL, 1);
        return false;
    }
    take_all(found, count, calls);
    return true;
}

/* --- the others --------------------------------------------------------------------------------- */

static struct bucket *known_bucket(const struct rate_limits *limits, struct uuid id)
{
    struct bucket *bucket = NULL;
    for (size_t kind = 0; bucket == NULL && kind < RATE_KINDS; kind++) {
        bucket = hashmap_get(limits->buckets[kind], slice_of(id.b, UUID_BYTES));
    }
    return bucket;
}

static void exchanged(struct store_op *op)
{
    struct rate_limits *limits = op->user;
    const struct rate_exchange *exchange = &limits->exchange;
    bool ok = op->err.reason == R_NONE;
    limits->is_exchanging = false;
    for (size_t i = 0; ok && i < exchange->count; i++) {
        struct bucket *bucket = known_bucket(limits, exchange->others[i].bucket);
        if (bucket != NULL) {
            bucket->share = rate_share(bucket->demand, exchange->others[i].demand);
        }
    }
    if (!ok && !limits->has_failed) {
        log_event(LOG_WARNING, "rates.not_shared", F_ERR(&op->err));
    }
    limits->has_failed = !ok;
    arena_reset(limits->arena);
}

/* How much came in this second. Who was not asked for long is busy no more. Of those near their limit the first ones, so
 * many as one statement tells. */
static size_t count_uses(struct rate_limits *limits, struct rate_use *uses)
{
    size_t count = 0;
    struct list *link = limits->busy.next;
    while (link != &limits->busy) {
        struct bucket *bucket = LIST_ENTRY(link, struct bucket, link);
        link = link->next;
        bucket->demand = rate_demand(bucket->demand, bucket->came);
        bucket->came = 0;
        if (!rate_is_near(bucket->rate, bucket->demand)) {
            bucket->share = RATE_SHARE_ALL; /* so few are let in anyway */
        } else if (count < RATE_SHARED_MAX) {
            uses[count++] = (struct rate_use){.bucket = bucket->id, .demand = bucket->demand};
        }
        if (bucket->demand == 0) {
            bucket->is_busy = false;
            list_remove(&bucket->link);
        }
    }
    return count;
}

static void on_timer(struct loop_timer *timer)
{
    struct rate_limits *limits = LIST_ENTRY(timer, struct rate_limits, timer);
    if (limits->is_exchanging) {
        loop_timer_arm(timer, EXCHANGE_MS);
        return;
    }
    struct rate_use *uses = ARENA_ARRAY(limits->arena, struct rate_use, RATE_SHARED_MAX);
    size_t count = uses == NULL ? 0 : count_uses(limits, uses);
    if (!list_is_empty(&limits->busy)) {
        loop_timer_arm(timer, EXCHANGE_MS);
    }
    if (count == 0 || !store_is_ready(limits->store)) {
        arena_reset(limits->arena);
        return;
    }
    limits->is_exchanging = true;
    store_op_init(&limits->exchange.op, limits->store, limits->arena, exchanged, limits);
    quota_store_exchange_rates(&limits->exchange, limits->worker, uses, count);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "net/body.h"

#include "base/err.h"
#include "obs/metrics.h"

void body_pool_init(struct body_pool *pool, size_t bytes_max)
{
    *pool = (struct body_pool){.loose_max = bytes_max / 2, .reserved_max = bytes_max / 2};
    list_init(&pool->loose_bodies);
    list_init(&pool->reserved_bodies);
    list_init(&pool->queue);
}

void body_share_init(struct body_share *share, size_t streams_max)
{
    *share = (struct body_share){.loose_max = streams_max * BODY_LOOSE_MAX};
    list_init(&share->link);
    list_init(&share->waiting);
}

void body_share_fini(struct body_share *share)
{
    CH_ASSERT(list_is_empty(&share->waiting) && share->reserved == 0 && share->loose == 0);
    list_remove(&share->link);
}

void body_init(struct body *body, struct body_pool *pool, struct body_share *share)
{
    *body = (struct body){.pool = pool, .share = share};
    list_init(&body->loose_link);
    list_init(&body->reserved_link);
}

/* --- counting ------------------------------------------------------------------------------- */

static void count(struct body *body)
{
    size_t held = bytes_view(&body->in).len + body->inflated;
    if (held != body->counted) {
        metric_add(M_NET_BODY_BYTES, NULL, NULL, (int64_t)held - (int64_t)body->counted);
        body->counted = held;
    }
}

/* After bytes came or went, or the reservation changed. Each byte is owed once: when it came and was
 * not loose, or when it ceases to be. */
static void recount(struct body *body, size_t came)
{
    size_t live = bytes_view(&body->in).len;
    size_t cover = body->is_waiting ? 0 : body->cover;
    size_t loose = live > cover ? live - cover : 0;
    body->owed += body->loose + came - loose;
    body->pool->loose += loose - body->loose;
    body->share->loose += loose - body->loose;
    body->loose = loose;
    if (loose == 0) {
        list_remove(&body->loose_link);
    } else if (list_is_empty(&body->loose_link)) {
        list_append(&body->pool->loose_bodies, &body->loose_link);
    }
    count(body);
}

void body_set_inflated(struct body *body, size_t bytes)
{
    body->inflated = bytes;
    count(body);
}

size_t body_wish(const struct body *body)
{
    size_t live = bytes_view(&body->in).len;
    size_t limit = BODY_LOOSE_MAX + (body->is_waiting ? 0 : body->cover);
    return limit > live ? limit - live : 0;
}

size_t body_take_owed(struct body *body)
{
    size_t owed = body->owed;
    body->owed = 0;
    return owed;
}

/* --- reservations --------------------------------------------------------------------------- */

static size_t size_of(const struct body *body)
{
    return body->cover + body->beside;
}

/* Who is alone always fits: the bounds keep numbers down, not the largest message out. */
static bool fits(size_t used, size_t more, size_t max)
{
    return used == 0 || used + more <= max;
}

static void add_reserved(struct body *body, size_t before, size_t after)
{
    body->pool->reserved += after - before;
    body->share->reserved += after - before;
    metric_add(M_NET_BODY_RESERVED_BYTES, NULL, NULL, (int64_t)after - (int64_t)before);
}

static void grant(struct body *body)
{
    body->is_waiting = false;
    body->moved.ns = 0; /* while it waited it could not */
    body->pool->waiting--;
    list_remove(&body->reserved_link);
    list_append(&body->pool->reserved_bodies, &body->reserved_link);
    add_reserved(body, 0, size_of(body));
    recount(body, 0);
    body->pool->granted(body);
}

static struct body *first_waiting(const struct body_share *share)
{
    return list_is_empty(&share->waiting)
               ? NULL
               : LIST_ENTRY(share->waiting.next, struct body, reserved_link);
}

/* Serve who waits, one of each connection in turn. A connection at its own bound leaves the queue until
 * one of its reservations ends. */
static void serve_queue(struct body_pool *pool)
{
    while (!list_is_empty(&pool->queue)) {
        struct body_share *share = LIST_ENTRY(pool->queue.next, struct body_share, link);
        struct body *first = first_waiting(share);
        if (first == NULL || !fits(share->reserved, size_of(first), BODY_CONN_RESERVED_MAX)) {
            list_remove(&share->link);
        } else if (!fits(pool->reserved, size_of(first), pool->reserved_max)) {
            return;
        } else {
            list_remove(&share->link);
            list_append(&pool->queue, &share->link);
            grant(first);
        }
    }
}

static void enqueue(struct body_share *share, struct body_pool *pool)
{
    if (!list_is_empty(&share->waiting) && list_is_empty(&share->link)) {
        list_append(&pool->queue, &share->link);
    }
}

bool body_has_reserved(const struct body *body)
{
    return size_of(body) > 0 && !body->is_waiting;
}

bool body_reserve(struct body *body, size_t cover, size_t beside)
{
    if (size_of(body) == 0) {
        body->cover = cover;
        body->beside = beside;
        body->is_waiting = true;
        body->pool->waiting++;
        list_append(&body->share->waiting, &body->reserved_link);
        enqueue(body->share, body->pool);
        serve_queue(body->pool);
    }
    return body_has_reserved(body);
}

/* Give up the reservation, or the wish for one. */
static void release(struct body *body)
{
    size_t size = size_of(body);
    if (size == 0) {
        return;
    }
    list_remove(&body->reserved_link);
    if (body->is_waiting) {
        body->pool->waiting--;
    } else {
        add_reserved(body, size, 0);
    }
    body->cover = body->beside = 0;
    body->is_waiting = false;
    enqueue(body->share, body->pool);
}

/* --- bytes ---------------------------------------------------------------------------------- */

void body_take(struct body *body, size_t n)
{
    bytes_consume(&body->in, n);
    body->expected = 0;
    body->inflated = 0;
    release(body);
    recount(body, 0);
    serve_queue(body->pool);
}

void body_drop(struct body *body)
{
    if (body->counted > 0 || size_of(body) > 0) {
        body_take(body, bytes_view(&body->in).len);
    }
}

static void evict(struct body *body, const char *why)
{
    metric_add(M_NET_BODIES_EVICTED, why, NULL, 1);
    body_drop(body);
    body->pool->evicted(body);
}

void body_add(struct body *body, struct slice data, struct mono_time now)
{
    struct body_pool *pool = body->pool;
    body->moved = now;
    bytes_add_expecting(&body->in, data, body->expected);
    recount(body, data.len);
    if (body->share->loose > body->share->loose_max) {
        evict(body, "connection");
    }
    while (pool->loose > pool->loose_max) {
        evict(LIST_ENTRY(pool->loose_bodies.next, struct body, loose_link), "server");
    }
}

void body_pool_expire(struct body_pool *pool, struct mono_time now)
{
    if (pool->waiting == 0) {
        return;
    }
    LIST_EACH_SAFE (link, after, &pool->reserved_bodies) {
        struct body *body = LIST_ENTRY(link, struct body, reserved_link);
        bool is_whole = bytes_view(&body->in).len >= body->cover;
        if (body->moved.ns == 0) {
            body->moved = now;
        } else if (!is_whole && now.ns > mono_add_ms(body->moved, BODY_STALL_MS).ns) {
            evict(body, "stalled");
        }
    }
}

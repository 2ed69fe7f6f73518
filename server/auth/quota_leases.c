/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/quota_leases.h"

#include <string.h>

#include "auth/quota_returns.h"
#include "base/hashmap.h"
#include "base/mem.h"
#include "obs/metrics.h"
#include "store/resource/quota_store.h"

enum {
    LEASES_MAX = 1 << 17, /* more than calls can wait for, so that none is evicted */
    LEASE_MS = 2000,      /* how long what is left is kept */
    EMPTY_MS = 1000,      /* how long nobody asks again when there was nothing left */
    FORGET_MS = 60000,    /* a quota that is nearly used up, and for which nobody asks any more */
    LOOK_MS = 500,
    NEAR_PERCENT = 90,
    OP_BUDGET = 4096,
};

struct lease {
    struct list link; /* in leases->all */
    struct quota_leases *leases;
    struct tenant_id tenant;
    enum quota quota;
    bool is_asking;
    int64_t left;
    struct list waiting; /* of quota_wait */
    struct loop_task refuse;
    struct quota_lease_op op;
    struct arena *arena;
    /* Of the last answer. */
    int64_t begins, most, used;
    struct mono_time since, ends; /* of the lease, and of the period */
    struct mono_time empty_until; /* nobody asks again until then */
};

struct quota_leases {
    struct loop *loop;
    struct store *store;
    struct hashmap *by_key;
    struct list all;
    struct loop_timer look;
    struct quota_returns *returns;
};

/* Tenant and quota, as bytes. */
enum { KEY_BYTES = UUID_BYTES + 1 };

static struct slice key_of(struct tenant_id tenant, enum quota quota, uint8_t out[KEY_BYTES])
{
    memcpy(out, tenant.u.b, UUID_BYTES);
    out[UUID_BYTES] = (uint8_t)quota;
    return slice_of(out, KEY_BYTES);
}

static void on_look(struct loop_timer *timer);
static void refuse_later(struct loop_task *task);

static void free_lease(void *value)
{
    struct lease *lease = value;
    CH_ASSERT(list_is_empty(&lease->waiting));
    if (lease->is_asking) {
        store_op_cancel(&lease->op.op);
    }
    loop_task_cancel(&lease->refuse);
    list_remove(&lease->link);
    arena_free(lease->arena);
    xfree(lease);
}

struct quota_leases *quota_leases_new(struct loop *loop, struct store *store)
{
    struct quota_leases *leases = xcalloc(1, sizeof *leases);
    leases->loop = loop;
    leases->store = store;
    leases->by_key = hashmap_new(LEASES_MAX, free_lease);
    list_init(&leases->all);
    leases->returns = quota_returns_new(loop, store);
    loop_timer_init(&leases->look, loop, on_look);
    return leases;
}

void quota_leases_free(struct quota_leases *leases)
{
    if (leases == NULL) {
        return;
    }
    hashmap_free(leases->by_key);
    loop_timer_fini(&leases->look);
    quota_returns_free(leases->returns);
    xfree(leases);
}

/* --- giving back -------------------------------------------------------------------------------- */

static bool is_over(const struct lease *lease)
{
    return lease->ends.ns <= loop_now(lease->leases->loop).ns;
}

/* The lease is empty after this. Of a period that is over nobody asks any more. */
static void give(struct lease *lease)
{
    int64_t left = lease->left;
    lease->left = 0;
    if (left > 0 && !is_over(lease)) {
        quota_returns_send(lease->leases->returns, lease->tenant, lease->quota, lease->begins,
                           left);
    }
}

/* --- looking after them --------------------------------------------------------------------------- */

static bool is_near(const struct lease *lease)
{
    return lease->most > 0 && lease->used * 100 >= lease->most * NEAR_PERCENT;
}

static bool is_older(const struct lease *lease, int64_t ms)
{
    return loop_now(lease->leases->loop).ns >= mono_add_ms(lease->since, ms).ns;
}

static void on_look(struct loop_timer *timer)
{
    struct quota_leases *leases = LIST_ENTRY(timer, struct quota_leases, look);
    int64_t near = 0;
    LIST_EACH_SAFE (link, after, &leases->all) {
        struct lease *lease = LIST_ENTRY(link, struct lease, link);
        if (!lease->is_asking && is_older(lease, LEASE_MS)) {
            give(lease);
        }
        bool is_forgotten = !lease->is_asking && lease->left == 0 &&
                            list_is_empty(&lease->waiting) &&
                            is_older(lease, is_near(lease) ? FORGET_MS : LEASE_MS);
        if (is_forgotten) {
            uint8_t key[KEY_BYTES];
            (void)hashmap_remove(leases->by_key, key_of(lease->tenant, lease->quota, key));
            continue;
        }
        near += is_near(lease);
    }
    metric_set(M_QUOTAS_NEAR, NULL, NULL, near);
    if (!list_is_empty(&leases->all)) {
        loop_timer_arm(timer, LOOK_MS);
    }
}

void quota_leases_flush(struct quota_leases *leases, int64_t limit_ms, void (*flushed)(void *ctx),
                        void *ctx)
{
    LIST_EACH (link, &leases->all) {
        struct lease *lease = LIST_ENTRY(link, struct lease, link);
        if (!lease->is_asking) {
            give(lease);
        }
    }
    quota_returns_flush(leases->returns, limit_ms, flushed, ctx);
}

/* --- taking ------------------------------------------------------------------------------------- */

static struct lease *find_lease(struct quota_leases *leases, struct tenant_id tenant,
                                enum quota quota)
{
    uint8_t bytes[KEY_BYTES];
    struct slice key = key_of(tenant, quota, bytes);
    struct lease *lease = hashmap_get(leases->by_key, key);
    if (lease != NULL) {
        return lease;
    }
    lease = xcalloc(1, sizeof *lease);
    lease->leases = leases;
    lease->tenant = tenant;
    lease->quota = quota;
    lease->arena = arena_new(OP_BUDGET);
    lease->since = loop_now(leases->loop);
    list_init(&lease->waiting);
    loop_task_init(&lease->refuse, refuse_later);
    list_append(&leases->all, &lease->link);
    hashmap_put(leases->by_key, key, lease);
    if (!loop_timer_is_armed(&leases->look)) {
        loop_timer_arm(&leases->look, LOOK_MS);
    }
    return lease;
}

bool quota_leases_take(struct quota_leases *leases, struct tenant_id tenant, enum quota quota,
                       int64_t *begins)
{
    struct lease *lease = find_lease(leases, tenant, quota);
    if (lease->left == 0 || is_over(lease)) {
        return false;
    }
    lease->left--;
    *begins = lease->begins;
    return true;
}

void quota_leases_give_back(struct quota_leases *leases, struct tenant_id tenant, enum quota quota,
                            int64_t begins)
{
    uint8_t bytes[KEY_BYTES];
    struct lease *lease = hashmap_get(leases->by_key, key_of(tenant, quota, bytes));
    if (begins == 0) {
        return;
    }
    if (lease == NULL ||
        lease->begins != begins) { /* it is forgotten, or of another period by now */
        quota_returns_send(leases->returns, tenant, quota, begins, 1);
    } else {
        lease->left++;
    }
}

static struct quota_wait *next_waiting(struct lease *lease)
{
    return list_is_empty(&lease->waiting)
               ? NULL
               : LIST_ENTRY(list_pop(&lease->waiting), struct quota_wait, link);
}

/* Those who wait get what there is, in the order in which they came. */
static void serve(struct lease *lease)
{
    struct quota_wait *wait;
    while (lease->left > 0 && (wait = next_waiting(lease)) != NULL) {
        lease->left--;
        wait->begins = lease->begins;
        wait->done(wait);
    }
}

static void refuse(struct lease *lease)
{
    struct quota_wait *wait;
    int64_t left_ns = lease->ends.ns - loop_now(lease->leases->loop).ns;
    while ((wait = next_waiting(lease)) != NULL) {
        wait->most = lease->most;
        wait->left_ms = left_ns > 0 ? left_ns / 1000000 + 1 : 1;
        (void)err_raise(&wait->err, R_QUOTA_EXCEEDED, __FILE__, __LINE__, "%s",
                        tenant_limits_name(lease->quota));
        wait->done(wait);
    }
}

static void refuse_later(struct loop_task *task)
{
    refuse(LIST_ENTRY(task, struct lease, refuse));
}

/* None was refused. Where the tenant has no quota any more nothing failed either: whoever waits goes on, and hears at
 * the gate what has changed. */
static void tell_all(struct lease *lease, const struct err *err)
{
    struct quota_wait *wait;
    while ((wait = next_waiting(lease)) != NULL) {
        wait->err = *err;
        wait->done(wait);
    }
}

static void ask(struct lease *lease);

static void take_answer(struct lease *lease)
{
    struct mono_time now = loop_now(lease->leases->loop);
    const struct quota_lease_op *op = &lease->op;
    lease->left = op->begins == lease->begins ? lease->left : 0;
    lease->left += op->granted;
    lease->begins = op->begins;
    lease->most = op->most;
    lease->used = op->used;
    lease->since = now;
    lease->ends = mono_add_ms(now, op->left_us / 1000);
    lease->empty_until = mono_add_ms(now, op->granted == 0 ? EMPTY_MS : 0);
}

static void leased(struct store_op *base)
{
    struct lease *lease = base->user;
    struct err err = base->err;
    bool is_limited = lease->op.is_limited;
    lease->is_asking = false;
    if (err.reason == R_NONE && is_limited) {
        take_answer(lease);
    }
    bool is_used_up = lease->op.granted == 0;
    arena_reset(lease->arena);
    if (err.reason != R_NONE || !is_limited) {
        tell_all(lease, &err);
        return;
    }
    serve(lease);
    if (is_used_up) {
        refuse(lease);
    } else if (!list_is_empty(&lease->waiting) && !lease->is_asking) {
        ask(lease);
    }
}

static void ask(struct lease *lease)
{
    struct quota_leases *leases = lease->leases;
    lease->is_asking = true;
    lease->op.tenant = lease->tenant;
    lease->op.quota = lease->quota;
    lease->op.wanted = 0;
    LIST_EACH (link, &lease->waiting) {
        lease->op.wanted++;
    }
    store_op_init(&lease->op.op, leases->store, lease->arena, leased, lease);
    quota_store_lease(&lease->op);
}

void quota_leases_ask(struct quota_leases *leases, struct quota_wait *wait)
{
    struct lease *lease = find_lease(leases, wait->tenant, wait->quota);
    err_clear(&wait->err);
    wait->begins = 0;
    list_append(&lease->waiting, &wait->link);
    if (lease->is_asking) {
        return;
    }
    bool is_known_empty = loop_now(leases->loop).ns < lease->empty_until.ns && !is_over(lease);
    if (is_known_empty && wait->most == lease->most) {
        loop_defer(leases->loop, &lease->refuse);
    } else {
        ask(lease);
    }
}

void quota_leases_cancel(struct quota_wait *wait)
{
    list_remove(&wait->link);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker may spend of tenants' quotas (docs/policy.md §11.1). One for each worker; loop thread only.
 *
 * A worker leases a part of what is left of a quota by one statement, and spends it in memory. Leases are taken off the
 * quota when they are made, so all workers together never spend more than there is. What was not spent goes back after
 * some seconds, and when the worker ends; a worker that is killed loses it for that period.
 */
#pragma once

#include "base/err.h"
#include "base/ids.h"
#include "base/list.h"
#include "domain/values/tenant_limits.h"
#include "loop/loop.h"

struct store;
struct quota_leases;

/* Borrows both. */
struct quota_leases *quota_leases_new(struct loop *loop, struct store *store);
void quota_leases_free(struct quota_leases *leases);

/* Embedded in its owner while it waits. */
struct quota_wait {
    struct tenant_id tenant;
    enum quota quota;
    void (*done)(struct quota_wait *wait);
    void *user;
    struct err err; /* R_NONE: one was taken. R_QUOTA_EXCEEDED: there is none */
    int64_t
        most; /* how much there is in a period, as who asks believes; then, with R_QUOTA_EXCEEDED, as it is, */
    int64_t left_ms; /* and until the next one begins */
    int64_t
        begins; /* of which period it was taken; 0: of none, because there is no such quota any more */
    /* Private. */
    struct list link;
};
/* Take one, if the worker has one; false: quota_leases_ask for it. */
bool quota_leases_take(struct quota_leases *leases, struct tenant_id tenant, enum quota quota,
                       int64_t *begins);
/* `done` comes from the loop, never from inside this function. */
void quota_leases_ask(struct quota_leases *leases, struct quota_wait *wait);
void quota_leases_cancel(struct quota_wait *wait);
/* One was taken and not used. */
void quota_leases_give_back(struct quota_leases *leases, struct tenant_id tenant, enum quota quota,
                            int64_t begins);
/* Return all, as far as the database is there, and then tell; after limit_ms at the latest. */
void quota_leases_flush(struct quota_leases *leases, int64_t limit_ms, void (*flushed)(void *ctx),
                        void *ctx);

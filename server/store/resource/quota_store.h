/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of quotas, and how often workers are asked (docs/policy.md §11.1). */
#pragma once

#include "domain/values/tenant_limits.h"
#include "store/gate/gate.h"
#include "store/pg/store.h"

/* A part of a quota, for the worker to spend. */
struct quota_lease_op {
    struct store_op op;
    struct tenant_id tenant;
    enum quota quota;
    int64_t wanted;
    /* The answer. */
    bool is_limited; /* false: the tenant has no such quota by now, and nothing else holds */
    int64_t most, used, granted;
    int64_t begins;  /* the period: microseconds, by the database's clock */
    int64_t left_us; /* until it ends */
};
void quota_store_lease(struct quota_lease_op *op);
/* Give back what was not spent. */
void quota_store_return(struct store_op *op, struct tenant_id tenant, enum quota quota,
                        int64_t begins, int64_t unspent);

struct rate_use {
    struct uuid bucket;
    int64_t demand; /* calls a second */
};
struct rate_exchange {
    struct store_op op;
    const struct rate_use *others; /* what comes to all other workers, in no order */
    size_t count;
};
void quota_store_exchange_rates(struct rate_exchange *exchange, struct uuid worker,
                                const struct rate_use *uses, size_t count);

/* What a request id has made; content is zero: nothing. */
struct made_content_op {
    struct store_op op;
    struct gate_made made;
};
void quota_store_find_made(struct made_content_op *op, struct tenant_id tenant,
                           struct uuid request_id);

/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a second of tenants, components, people and networks (docs/policy.md §11.1). One for each worker; loop thread
 * only.
 *
 * Each worker has a bucket for whomever it has heard lately (domain/relations/rate_bucket.h), and once a second tells
 * the others by the database of those near their limit: each worker lets in the part of a limit that it has of all that is asked.
 * Without the database each goes on with the part that it had. */
#pragma once

#include "base/ids.h"
#include "base/slice.h"
#include "loop/loop.h"

struct store;
struct rate_limits;

enum rate_kind { RATE_TENANT, RATE_COMPONENT, RATE_PRINCIPAL, RATE_NETWORK };
enum { RATE_KINDS = 4, RATE_BUCKETS_MAX = 32768 /* of each kind */, RATE_SHARED_MAX = 512 };

struct rate_limits_config {
    uint32_t per_second[RATE_KINDS]; /* of those without a limit of their own; 0: none */
    uint32_t burst_s;
};

/* A limit that a call is to keep. */
struct rate_ask {
    enum rate_kind kind;
    struct slice whom;  /* who it is of, the same for all workers */
    uint32_t own_limit; /* calls a second; 0: the configuration's */
};

/* Borrows loop and store. */
struct rate_limits *rate_limits_new(struct loop *loop, struct store *store,
                                    const struct rate_limits_config *config);
void rate_limits_free(struct rate_limits *limits);
/* A limit that has no room. */
struct rate_refusal {
    const struct rate_ask *ask;
    int64_t wait_ns; /* until it has */
    uint32_t limit;  /* calls a second */
};
/* Whether all limits have room for so many calls, which they count then. Otherwise none of them does, and the refusal is of
 * the one that has room last. The limit that most others share comes last. `counted`: of the
 * calls that many were taken before; they go back when the answer is no. */
bool rate_limits_take(struct rate_limits *limits, const struct rate_ask *asks, size_t count,
                      uint32_t calls, uint32_t counted, struct rate_refusal *refusal);
/* "tenant". */
const char *rate_kind_name(enum rate_kind kind);

/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/quota.h"

#include <stdio.h>
#include <string.h>

#include "auth/quota_leases.h"
#include "context/wait.h"
#include "obs/metrics.h"

/* Whoever may be told of a quota that is filled tomorrow asks again within the hour: another worker may have returned
 * something, or the limit was raised. */
enum { RETRY_MAX_MS = 60 * 60 * 1000, TEXT_BYTES = 128 };

/* In the call's arena, with which it goes back. */
struct quota_hold {
    struct quota_leases *leases;
    struct tenant_id tenant;
    struct tenant_limits limits;
    enum quota_use use;
    bool is_of[QUOTAS + 1];     /* by enum quota: one was taken */
    int64_t begins[QUOTAS + 1]; /* of which period */
    bool is_spent;
    struct quota_wait wait;
    step_fn then;
};

static void give_back(void *ptr)
{
    struct quota_hold *hold = ptr;
    for (int quota = 1; quota <= QUOTAS; quota++) {
        if (hold->is_of[quota] && !hold->is_spent) {
            quota_leases_give_back(hold->leases, hold->tenant, (enum quota)quota,
                                   hold->begins[quota]);
        }
        hold->is_of[quota] = false;
    }
}

static struct quota_hold *hold_of(struct call *c)
{
    struct caller *caller = caller_of(c);
    struct quota_hold *hold = caller->quota;
    if (hold != NULL) {
        return hold;
    }
    hold = ARENA_NEW(call_arena(c), struct quota_hold);
    if (hold == NULL || !arena_on_free(call_arena(c), give_back, hold, call_err(c)).ok) {
        return NULL;
    }
    hold->leases = services_of(c)->quota_leases;
    caller->quota = hold;
    return hold;
}

static bool is_wanted(const struct quota_hold *hold, enum quota quota)
{
    return tenant_limits_counts(quota, hold->use) && tenant_limits_most(&hold->limits, quota) > 0 &&
           !hold->is_of[quota];
}

static step take_next(struct call *c);

static step taken(struct call *c)
{
    struct quota_hold *hold = caller_of(c)->quota;
    if (hold->wait.err.reason == R_QUOTA_EXCEEDED) {
        return hold->then(c);
    }
    if (hold->wait.err.reason != R_NONE) {
        return wait_failed(c, &hold->wait.err);
    }
    hold->is_of[hold->wait.quota] = true;
    hold->begins[hold->wait.quota] = hold->wait.begins;
    return take_next(c);
}

static void done(struct quota_wait *wait)
{
    call_resume(wait->user);
}

static void cancel(void *op)
{
    quota_leases_cancel(op);
}

static step take_next(struct call *c)
{
    struct quota_hold *hold = caller_of(c)->quota;
    for (int i = 1; i <= QUOTAS; i++) {
        enum quota quota = (enum quota)i;
        if (!is_wanted(hold, quota)) {
            continue;
        }
        hold->is_of[i] = quota_leases_take(hold->leases, hold->tenant, quota, &hold->begins[i]);
        if (!hold->is_of[i]) {
            hold->wait = (struct quota_wait){.tenant = hold->tenant,
                                             .quota = quota,
                                             .done = done,
                                             .user = c,
                                             .most = tenant_limits_most(&hold->limits, quota)};
            quota_leases_ask(hold->leases, &hold->wait);
            return call_wait(c, taken, cancel, &hold->wait);
        }
    }
    return hold->then(c);
}

static bool has_quota(const struct tenant_limits *limits)
{
    return limits->contents_per_day != 0 || limits->contents_per_month != 0 ||
           limits->licenses_per_day != 0;
}

step quota_take(struct call *c, struct tenant_id tenant, const struct tenant_limits *limits,
                enum quota_use use, step_fn then)
{
    if (caller_of(c)->quota != NULL) {
        err_clear(&caller_of(c)->quota->wait.err);
    }
    if (!has_quota(limits)) {
        return then(c);
    }
    struct quota_hold *hold = hold_of(c);
    if (hold == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "quota");
    }
    if (!ID_EQ(hold->tenant, tenant)) {
        give_back(hold);
    }
    hold->tenant = tenant;
    hold->limits = *limits;
    hold->use = use;
    hold->then = then;
    return take_next(c);
}

bool quota_is_refused(const struct call *c)
{
    const struct quota_hold *hold = caller_of(c)->quota;
    return hold != NULL && hold->wait.err.reason == R_QUOTA_EXCEEDED;
}

static step refuse(struct call *c)
{
    const struct quota_wait *wait = &caller_of(c)->quota->wait;
    const char *name = tenant_limits_name(wait->quota);
    char limit[24], resets[RFC3339_BYTES], description[TEXT_BYTES];
    (void)snprintf(limit, sizeof limit, "%lld", (long long)wait->most);
    (void)snprintf(description, sizeof description, "%s is %s, and used up.", name, limit);
    clock_rfc3339(call_unix_us(c) + wait->left_ms * 1000, resets);
    call_error_metadata(c, "quota", name);
    call_error_metadata(c, "quota_limit", limit);
    call_error_metadata(c, "quota_reset_time", resets);
    call_note_quota(c, "tenant", description,
                    wait->left_ms < RETRY_MAX_MS ? wait->left_ms : RETRY_MAX_MS);
    metric_add(M_QUOTA_REFUSED, name, NULL, 1);
    return call_fail(c, R_QUOTA_EXCEEDED, "%s", description);
}

step quota_settle(struct call *c)
{
    return quota_is_refused(c) ? refuse(c) : STEP_NEXT;
}

void quota_note_submitted(struct call *c)
{
    struct quota_hold *hold = caller_of(c)->quota;
    if (hold != NULL) {
        hold->is_spent = true;
    }
}

void quota_note_unrecorded(struct call *c)
{
    struct quota_hold *hold = caller_of(c)->quota;
    if (hold != NULL) {
        hold->is_spent = false;
    }
}

void quota_give_back(struct call *c)
{
    struct quota_hold *hold = caller_of(c)->quota;
    if (hold != NULL) {
        hold->is_spent = false;
        give_back(hold);
    }
}

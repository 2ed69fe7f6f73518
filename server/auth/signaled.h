/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an identity provider has signaled that somebody is to be let in no longer (docs/signals.md §6). */
#pragma once

#include "base/clock.h"
#include "domain/decide/decide_signal.h"
#include "domain/values/tenant.h"
#include "domain/values/token_claims.h"
#include "rpc/call.h"
#include "store/cache/signals.h"

/* In struct caller: the names by which somebody was asked about last, and what was found. */
struct signaled {
    struct uuid scopes[TOKEN_ADDRESSES_MAX + 2];
    size_t count;
    struct unix_time issued_at;
    struct signals_find find;
};

/* Who is meant; only read before the function returns. */
struct signaled_question {
    const struct tenant_view
        *tenant; /* to which they belong; NULL: to none, of whom nothing is signaled */
    const char *const *addresses; /* at most TOKEN_ADDRESSES_MAX count */
    size_t address_count;
    const char *iss, *subject; /* of their token; NULL or "": there is none */
    const char
        *subject_name; /* both in one (signal_subject_name), where they are kept so; NULL or "" */
    struct unix_time issued_at; /* it was */
};

/* NEXT, R_ACCOUNT_DISABLED, R_SESSION_REVOKED. The epochs on which that is known are noted with the caller. */
step signaled_check(struct call *c, const struct signaled_question *question);
/* Forget what of that the gate has called stale. */
void signaled_forget(struct call *c);

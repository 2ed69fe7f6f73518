/* SPDX-License-Identifier: Apache-2.0 */
/* What the flows of one worker share. Made by the daemon, borrowed by every call. */
#pragma once

#include "identity/identity.h"
#include "keys/keys.h"
#include "rpc/call.h"
#include "store/cache/directories.h"
#include "store/cache/lookups.h"
#include "store/cache/rule_books.h"
#include "store/cache/signals.h"
#include "store/cache/views.h"
#include "store/gate/gate.h"

struct approvable_act;
struct dns;
struct passcode_mail;
struct quota_leases;
struct rate_limits;
struct readiness;
struct refusals;

struct services {
    struct loop *loop;
    struct store *store;
    struct amendments *amendments;
    struct gate *gate;
    struct views *views;
    struct lookups *lookups;
    struct directories *directories;
    struct signals *signals;
    struct rule_books *rule_books;
    struct keys *keys;
    struct identity *identity;
    struct quota_leases *quota_leases; /* auth/quota_leases.h */
    struct rate_limits *rate_limits;   /* auth/rate_limits.h */
    struct refusals *refusals;         /* of callers whom nobody knows: auth/refusals.h */
    struct dns *dns;
    struct passcode_mail
        *passcode_mail;          /* who mails one-time passcodes; NULL: no relay is configured */
    struct readiness *readiness; /* of the worker: context/readiness.h */
    const struct approvable_act *const *approvable_acts; /* ends at NULL */
    const char *authority_url; /* for boundaries without an address of their own */
};

static inline const struct services *services_of(const struct call *c)
{
    return call_services(c);
}

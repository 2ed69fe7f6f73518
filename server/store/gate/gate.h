/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: is what was decided on still true? Then record it. The commit of every decision.
 *
 * Entries submitted in one turn of the loop share one statement, so one commit. Of those that wait
 * the parties take turns, so that one's thousand don't stand before another's one. Nothing that a
 * worker caches is trusted beyond this point. */
#pragma once

#include "base/turns.h"
#include "domain/decide/decide_access.h"
#include "store/audit_who.h"
#include "store/cache/amendments.h"
#include "store/pg/store.h"

struct gate;

enum { GATE_SCOPES_MAX = 36, GATE_BATCH_MAX = 128, GATE_WAITING_MAX = 8192 };

enum gate_verdict {
    GATE_RECORDED = 0,      /* or it holds, if nothing was to be recorded */
    GATE_STALE = 1,         /* an epoch has moved: load again and decide again */
    GATE_FACTS_CHANGED = 2, /* it was revoked, restored or amended: decide again with `facts` */
    GATE_ALREADY = 3,       /* the request id has made content before: `made` */
    GATE_CONTENT_LOST =
        4, /* the content has no row; told with `tells_lost` only, else it gets one */
};

/* Whether owners are shown the attempt to open their content. */
enum gate_tracking {
    TRACKING_SHOWN = 0,
    TRACKING_HIDDEN = 1, /* only in the audit log */
    TRACKING_TOLD = 2,   /* and they are told by mail, if the content says so */
};

/* A decision was made on this state of this scope. */
struct gate_scope {
    struct uuid scope; /* a tenant, a tenant's directory, or zero for the platform */
    int64_t epoch;     /* 0 as long as nothing has changed, then a mark (base/ids.h) */
    bool is_stale;     /* with GATE_STALE: it is this one that has moved */
};

/* The row of content. */
struct gate_content {
    const char *owner, *issuer, *display_name;
    int64_t protected_at;   /* microseconds, as a seal says; 0: it is new */
    struct uuid request_id; /* zero: none */
    uint8_t request_hash[32];
    uint32_t key_version; /* of the sealing key by which its key is derived; 0: it is random */
    bool notify_owner;    /* by mail when it is opened or refused */
};

/* What a request id has made before. */
struct gate_made {
    struct content_id content;
    uint8_t request_hash[32]; /* zero: not known */
    uint32_t key_version;     /* 0: its key is random */
    int64_t made_at, now;     /* microseconds, both by the database's clock */
};

/* Embedded in its owner; what it points to lives until `done` or gate_cancel. */
struct gate_entry {
    struct tenant_id tenant; /* whose log */
    struct uuid party;       /* in whose line it waits: who asks (call_party) */
    const char *operation;   /* NULL: it is compared, and nothing is recorded */
    enum reason reason;      /* R_NONE: granted */
    struct audit_who who;
    struct content_id content;   /* zero: none */
    struct template_id template; /* zero: none */
    int64_t policy_version;
    const char *rights; /* "VIEW,EDIT" */
    enum channel channel;
    enum power power;
    enum gate_tracking tracking;
    const char *target; /* what it was about, in words; NULL: nothing beyond the rest */
    struct gate_scope scopes[GATE_SCOPES_MAX];
    size_t scope_count;
    bool is_outside;                        /* the user is no member of `tenant` */
    struct content_facts facts;             /* assumed; then what is true */
    struct arena *arena;                    /* borrows: holds the amendment of `facts` */
    const struct gate_content *new_content; /* NULL: none is made */
    /* What the seal of a license that held says of its content; NULL: none was opened. The database
     * may not know that content, because it has gone back. Then it is recorded with the decision. */
    const struct gate_content *sealed;
    bool
        tells_lost; /* instead of recording it with `sealed`: who asks looks whether it may be known */

    void (*done)(struct gate_entry *entry);
    void *user;

    struct err err; /* R_NONE: `verdict` holds. R_OUTCOME_UNKNOWN: it may be recorded or not */
    enum gate_verdict verdict;
    struct gate_made made;
    struct event_id event;

    /* Private to the gate. */
    struct turn turn;
    struct gate_batch *batch;
    unsigned conflicts; /* how often another transaction stood in its way */
    bool is_lost;       /* its content has no row */
};

/* Borrows all three. */
struct gate *gate_new(struct loop *loop, struct store *store, struct amendments *amendments);
void gate_free(struct gate *gate);
/* Record a decision. `done` comes from the loop, never from inside this function. */
void gate_submit(struct gate *gate, struct gate_entry *entry);
/* Forget an entry: `done` will not come. It may be recorded all the same. */
void gate_cancel(struct gate *gate, struct gate_entry *entry);

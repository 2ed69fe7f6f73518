/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks of the audit log: of several nodes one sends at a time, and how far it has come lies beside the log, so that it goes back
 * with it. */
#pragma once

#include "store/resource/audit_store.h"

/* A place in the log of all tenants: all before that time has arrived, and of that time all up to the event. */
struct sink_place {
    int64_t at; /* microseconds of the database's clock; 0: the beginning */
    struct event_id event;
};

/* Be the one who sends, unless somebody else is. */
struct sink_lease {
    struct store_op op;
    const char *name;
    struct uuid holder; /* who asks */
    int32_t lease_s;
    bool is_held; /* by us */
    struct sink_place place;
    int64_t asked_at, now; /* what the clock said when the place was reached, and says */
};
void sink_store_lease(struct sink_lease *lease);

/* Events of all tenants behind a place, oldest first, before a time up to which the log is settled. */
struct sink_page {
    struct store_op op;
    struct sink_place after;
    int64_t before;
    size_t limit;
    struct audit_event *events; /* in the arena */
    const char **tenants;       /* their tenants' names; "": the platform */
    size_t count;               /* with op.is_cut there are more, which found no room */
};
void sink_store_page(struct sink_page *page);

/* Remember what has arrived. */
struct sink_move {
    struct store_op op;
    const char *name;
    struct uuid holder;
    struct sink_place place;
    int64_t asked_at, sent;
    const char *problem; /* a reason's name; "": none */
    int32_t lease_s;     /* 0: somebody else may send from now on */
    bool is_held;        /* still; nothing was remembered if not */
};
void sink_store_move(struct sink_move *move);

/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: reading it, newest first; and what is written to it beside decisions (gate/gate.h) and acts. */
#pragma once

#include "domain/values/power.h"
#include "store/audit_who.h"
#include "store/pg/store.h"

struct audit_event {
    struct event_id event;
    int64_t at; /* microseconds since 1970 */
    const char *operation;
    bool granted;
    const char *reason;
    const char *user, *component; /* "" if none */
    struct content_id content;    /* zero: none */
    struct template_id template;  /* zero: none */
    int64_t policy_version;
    const char *rights, *channel, *power;
    const char *client_address, *user_agent, *correlation_id, *target;
    int64_t calls; /* for which it stands; 1 unless it is a summary */
};

enum { AUDIT_PAGE_MAX = 1000 };
#define POWER_ANY "any"

struct audit_query {
    struct store_op op;
    struct tenant_id tenant;
    struct content_id content;             /* zero: any */
    const char *user, *reason, *operation; /* NULL: any */
    const char *power;                     /* NULL: used or not; POWER_ANY: whichever was used */
    bool denied_only,
        is_tracking;      /* is_tracking: attempts to open content, as owners are shown them */
    int64_t from, before; /* microseconds; 0: open */
    int64_t after_at;     /* the last event of the page before; 0: the first page */
    struct event_id after_event;
    size_t limit;               /* 1 to AUDIT_PAGE_MAX, and one more */
    struct audit_event *events; /* in the arena */
    size_t count;
    /* The event at which looking stopped, with op.is_cut: so many were not asked for. 0: it did not stop. */
    int64_t scanned_at;
    struct event_id scanned_event;
    int64_t kept_since; /* before it events are missing, because their months are gone; 0: none are.
                         * Of audit_store_query alone */
};
void audit_store_query(struct audit_query *query);
/* The same oldest first: from `from` or behind the last event, before `before`, which is no later than the log is settled. */
void audit_store_follow(struct audit_query *query);

/* The attempts to open a content, as owners are shown them, in numbers. */
struct access_summary {
    struct store_op op;
    int64_t opened, readers, refused, pre_licensed;
    int64_t first_open_at, last_open_at, last_refuse_at; /* microseconds; 0: never */
    bool is_partial; /* there are more records of it than were looked at */
};
void audit_store_summarize(struct access_summary *summary, struct tenant_id tenant,
                           struct content_id content);

/* Up to which time the log is settled: no record of an earlier one can appear any more in statements after this one. And
 * in which history the database is. R_LOG_UNSETTLED when the database doesn't say. */
struct audit_settled {
    struct store_op op;
    int64_t settled, asked_at; /* microseconds, by the database's clock */
    int64_t kept_since;        /* records before it are gone; 0: none are */
    struct audit_history {
        char system[24], timeline[16]; /* which cluster, and on which of its timelines */
        int64_t number, mark;          /* of the table; both are others in another state */
    } history; /* without bytes between its members: it goes into tokens as it is */
};
_Static_assert(sizeof(struct audit_history) == 24 + 16 + 2 * sizeof(int64_t), "no padding");
void audit_store_settled(struct audit_settled *settled);

/* One row for many refusals of callers whom nobody knows. */
struct audit_summary {
    struct tenant_id tenant; /* in whose log */
    struct event_id event;
    const char *operation, *reason; /* of one of them */
    struct component_id component;  /* that carried them; zero: none */
    const char *component_name;
    const char *client_address;              /* of all of them: an address or a network */
    const char *user_agent, *correlation_id; /* of one of them */
    const char *target;
    int64_t calls;
};

struct audit_summaries {
    struct store_op op;
    const struct audit_summary *rows;
    size_t count;
};
void audit_store_add_summaries(struct audit_summaries *summaries);

/* Make the audit log's partitions for the coming months; the owner of the schema lets us by a
 * function. R_DATABASE_CONFLICT or R_DATABASE_ERROR while somebody reads the whole log (pg_dump): to be
 * tried again. */
struct audit_partitions {
    struct store_op op;
    int32_t made; /* -1: what came into audit_rest is too much to be sorted out by the way */
};
void audit_store_make_partitions(struct audit_partitions *partitions);

/* One step of taking out months that are older than the log is kept, by a function of the owner. R_DATABASE_LOCKED
 * while somebody reads the whole log: to be tried again. */
struct audit_retention {
    struct store_op op;
    const char
        *did; /* "" nothing, or a word of migrations/0032_audit_retention.sql; in the arena */
};
void audit_store_retain(struct audit_retention *retention);

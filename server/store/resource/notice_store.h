/* SPDX-License-Identifier: Apache-2.0 */
/* Mails to owners about what became of their content (docs/policy.md §3.13). */
#pragma once

#include "store/pg/store.h"
#include "store/resource/mail_state.h"

enum {
    NOTICES_OF_OWNER_MAX = 60, /* mailed within an hour */
    NOTICE_EVENTS_MAX = 20,    /* named in one mail */
    NOTICE_COUNTED_MAX = 1000, /* counted in one mail */
    NOTICE_KEPT_S = 2 * 24 * 60 * 60,
    NOTICE_TENANTS_MAX = 128, /* whose turn it may be in one claim */
};

/* Take those that are due: nobody else does until the lease ends. */
struct notice_row {
    struct uuid notice;
    struct content_id content;
    const char *owner, *display_name;
    bool is_over;            /* nobody wants it any more */
    bool is_too_many;        /* for this owner, within an hour */
    int64_t opened, refused; /* by others, NOTICE_COUNTED_MAX together at most */
    const char *const *events;
    size_t event_count;
    uint32_t tries; /* this one included */
};
struct notice_claim {
    struct store_op op;
    struct notice_row *rows;
    size_t count;
    struct tenant_id
        after; /* whose turn was last; zero: begin with the first. The next claim goes on there */
};
/* `served`: boundaries, NULL-terminated; empty: all. */
void notice_store_claim(struct notice_claim *claim, const char *const *served, size_t max,
                        int32_t lease_s);
/* What has become of a mail; recorded when that is its end. `wait_s`: until it is tried again. Copies nothing: the
 * texts live until the operation is done. */
void notice_store_settle(struct store_op *op, struct uuid notice, enum mail_state state,
                         int32_t wait_s, enum reason reason, const char *target);

/* Forget those that are too old, at most NOTICES_SWEPT_MAX at once. */
enum { NOTICES_SWEPT_MAX = 5000 };
struct notice_sweep {
    struct store_op op;
    int64_t count; /* that many were forgotten */
};
void notice_store_sweep(struct notice_sweep *sweep);

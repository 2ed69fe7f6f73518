/* SPDX-License-Identifier: Apache-2.0 */
/* Acts that wait for a second admin. Approving one is part of its act: struct act_approval. */
#pragma once

#include "domain/values/approval.h"
#include "domain/values/role.h"
#include "store/resource/change.h"

enum {
    APPROVAL_SUMMARY_MAX = 1024,
    APPROVAL_CHANGES_MAX = 64,
    APPROVAL_REQUEST_MAX = 1024 * 1024, /* bytes; no method takes as many */
    APPROVAL_PAGE_MAX = 200,
    APPROVAL_STATES_MAX = 6,
    APPROVALS_SWEPT_MAX = 1000,
};

/* One thing that an act changes: a field, or an element of a list. */
struct approval_change {
    const char *field;
    const char *before, *after; /* "": nothing */
};

struct approval_row {
    struct approval_id id;
    const char *act; /* the flow that asked */
    enum approval_operation operation;
    struct slice request; /* the packed message; empty where a list leaves it out */
    struct slice secret;  /* of a request that is asked: its fields that are secret, packed */
    struct uuid import;   /* of one that is asked: the import key that it needs; zero: none */
    const char *summary;
    const struct approval_change *changes; /* the first of them, cut */
    size_t change_count;
    int64_t changes_left_out;
    struct slice digest; /* of act, summary and all changes; empty: asked before there was one */
    struct approval_party asker;
    enum role asker_role;
    const char *asker_name;
    int64_t requested_at, expires_at; /* microseconds */
    enum approval_state state;
    const char *decider_name; /* "" while nobody decided */
    int64_t decided_at;
    int64_t reader_registered_at; /* of the list's reader; 0: they are no component of the tenant */
};

/* Find requests, newest first. */
struct approval_list {
    struct store_op op;
    struct tenant_id tenant;
    struct approval_id only;  /* zero: any */
    struct approval_id after; /* the last one of the page before; zero: the first page */
    enum approval_state states[APPROVAL_STATES_MAX];
    size_t state_count;         /* 0: in any state */
    size_t limit;               /* 1 to APPROVAL_PAGE_MAX + 1 */
    size_t request_max;         /* bytes of a request beyond which it is left out */
    bool with_secret;           /* requests with their fields that are secret */
    size_t changes_max;         /* changes of each beyond which they are counted only */
    struct component_id reader; /* who asks; zero: nobody who might approve */
    struct approval_row *rows;
    size_t count;
};
void approval_store_list(struct approval_list *list);

/* Ask a second admin: id, act, operation, request, secret, import, summary, changes, digest and the
 * asker's fingerprint and role of the row; the rest is who does it and now. R_LIMIT_EXCEEDED when APPROVALS_PENDING_MAX wait. */
void approval_store_ask(struct change_op *op, const struct approval_row *row);
/* Reject or withdraw. R_NOT_FOUND when it is not pending. */
void approval_store_close(struct change_op *op, struct approval_id id, enum approval_state state);

/* Wipe what is secret in requests that have ended, in at most APPROVALS_SWEPT_MAX at once. */
struct approval_sweep {
    struct store_op op;
    int64_t count; /* in that many it was wiped */
};
void approval_store_sweep(struct approval_sweep *sweep);

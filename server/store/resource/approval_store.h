/* SPDX-License-Identifier: Apache-2.0 */
/* Acts that wait for a second admin. Approving one is part of its act: struct act_approval. */
#pragma once

#include "domain/values/approval.h"
#include "store/resource/change.h"

enum { APPROVAL_SUMMARY_MAX = 1024, APPROVAL_PAGE_MAX = 200, APPROVAL_STATES_MAX = 5 };

struct approval_row {
    struct approval_id id;
    const char *act; /* the flow that asked */
    enum approval_operation operation;
    struct slice request; /* the packed message */
    const char *summary;
    struct approval_party asker;
    const char *asker_name;
    int64_t requested_at, expires_at; /* microseconds */
    enum approval_state state;
    const char *decider_name; /* "" while nobody decided */
    int64_t decided_at;
};

/* Find requests, newest first. */
struct approval_list {
    struct store_op op;
    struct tenant_id tenant;
    struct approval_id only;  /* zero: any */
    struct approval_id after; /* the last one of the page before; zero: the first page */
    enum approval_state states[APPROVAL_STATES_MAX];
    size_t state_count; /* 0: in any state */
    size_t limit;       /* 1 to APPROVAL_PAGE_MAX */
    struct approval_row *rows;
    size_t count;
};
void approval_store_list(struct approval_list *list);

/* Ask a second admin: id, act, operation, request, summary and the asker's fingerprint of the
 * row; the rest is who does it and now. R_LIMIT_EXCEEDED when APPROVALS_PENDING_MAX wait. */
void approval_store_ask(struct change_op *op, const struct approval_row *row);
/* Reject or withdraw. R_NOT_FOUND when it is not pending. */
void approval_store_close(struct change_op *op, struct approval_id id, enum approval_state state);

/* SPDX-License-Identifier: Apache-2.0 */
/* Two-person approval: what may need a second admin, and what becomes of a request. Values. */
#pragma once

#include "base/ids.h"

enum {
    APPROVAL_DAYS = 7,           /* after which a request ends by itself */
    APPROVALS_PENDING_MAX = 100, /* of one tenant */
    APPROVALS_ALL = 0x3e         /* 1 << each enum approval_operation */
};

/* What needs a second admin, as bits by the numbers of chancery.v1.ApprovalOperation. */
enum approval_operation {
    APPROVAL_CONTENT_ACCESS = 1, /* everything by which one admin could come to others' content */
    APPROVAL_EXPORT_KEYS = 2,
    APPROVAL_DESTROY_KEY = 3,
    APPROVAL_PARTNER_EXCEPTION = 4,
    APPROVAL_LOWER_REQUIREMENT = 5, /* taking one of these off the list; always on it */
};

/* Numbers as in the database and in chancery.v1.ApprovalState. */
enum approval_state {
    APPROVAL_PENDING = 1,
    APPROVAL_APPROVED = 2,
    APPROVAL_REJECTED = 3,
    APPROVAL_WITHDRAWN = 4,
    APPROVAL_EXPIRED = 5,  /* never stored: pending, and its time is over */
    APPROVAL_CANCELED = 6, /* approved, and taken back while it allowed something */
};

/* An admin as they proved themself. */
struct approval_party {
    struct component_id component;
    struct slice fingerprint; /* of their certificate; empty without one */
    int64_t registered_at;    /* of an approver: microseconds by the database's clock */
};

/* What a tenant requires, as bits of enum approval_operation, from what was asked for: whoever
 * requires something, requires it of lowering too. */
uint32_t approval_requirement(uint32_t asked);

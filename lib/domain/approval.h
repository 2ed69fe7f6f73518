/* SPDX-License-Identifier: Apache-2.0 */
/* Two-person approval: is the second person another one? Pure. */
#pragma once

#include "base/ids.h"
#include "domain/tenant_view.h"

enum {
    APPROVAL_DAYS = 7,           /* after which a request ends by itself */
    APPROVALS_PENDING_MAX = 100, /* of one tenant */
    APPROVALS_ALL = 0x3e         /* 1 << each enum approval_operation */
};

/* Numbers as in the database and in chancery.v1.ApprovalState. */
enum approval_state {
    APPROVAL_PENDING = 1,
    APPROVAL_APPROVED = 2,
    APPROVAL_REJECTED = 3,
    APPROVAL_WITHDRAWN = 4,
    APPROVAL_EXPIRED = 5, /* never stored: pending, and its time is over */
};

/* An admin as he proved himself. */
struct approval_party {
    struct component_id component;
    struct slice fingerprint; /* of his certificate; empty without one */
};

/* Whether the approver is another admin than the asker, and was registered before the request was made. Both ids
 * are UUIDv7, whose first 48 bits are milliseconds (RFC 9562 §5.7); within one millisecond it is "no". */
bool approval_is_independent(struct approval_id request, const struct approval_party *asker,
                             const struct approval_party *approver);

/* What a tenant requires, as bits of enum approval_operation, from what was asked for: whoever requires something,
 * requires it of lowering too. */
uint32_t approvals_required(uint32_t asked);

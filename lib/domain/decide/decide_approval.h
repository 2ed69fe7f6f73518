/* SPDX-License-Identifier: Apache-2.0 */
/* May this admin approve what that one asked for? Pure. */
#pragma once

#include "domain/values/approval.h"

/* Whether the approver is another admin than the asker, and was registered before the request
 * was made. Both ids are UUIDv7, whose first 48 bits are milliseconds (RFC 9562 §5.7); within
 * one millisecond it is "no". */
bool decide_approval(struct approval_id request, const struct approval_party *asker,
                     const struct approval_party *approver);

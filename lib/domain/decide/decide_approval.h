/* SPDX-License-Identifier: Apache-2.0 */
/* May this admin approve what that one asked for? Pure. */
#pragma once

#include "domain/values/approval.h"

/* Whether the approver is another admin than the asker, and was registered before the request was
 * made: `requested_at`, by the clock that says registered_at too. At the same time it is "no", and
 * where one of the two is not known (0). */
bool decide_approval(int64_t requested_at, const struct approval_party *asker,
                     const struct approval_party *approver);

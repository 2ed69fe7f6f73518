/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_approval.h"

enum { UUID_TIME_BYTES = 6, UUID_VERSION = 7 };

static bool is_older(struct uuid a, struct uuid b)
{
    bool are_timed = a.b[6] >> 4 == UUID_VERSION && b.b[6] >> 4 == UUID_VERSION;
    return are_timed &&
           slice_compare(slice_of(a.b, UUID_TIME_BYTES), slice_of(b.b, UUID_TIME_BYTES)) < 0;
}

bool decide_approval(struct approval_id request, const struct approval_party *asker,
                     const struct approval_party *approver)
{
    bool is_same_certificate =
        approver->fingerprint.len > 0 && slice_eq(asker->fingerprint, approver->fingerprint);
    return !ID_EQ(asker->component, approver->component) && !is_same_certificate &&
           is_older(approver->component.u, request.u);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_approval.h"

bool decide_approval(int64_t requested_at, const struct approval_party *asker,
                     const struct approval_party *approver)
{
    bool is_same_certificate =
        approver->fingerprint.len > 0 && slice_eq(asker->fingerprint, approver->fingerprint);
    bool is_older = approver->registered_at > 0 && approver->registered_at < requested_at;
    return !ID_EQ(asker->component, approver->component) && !is_same_certificate && is_older;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/admin_guard.h"

#include "domain/values/approval.h"

uint32_t admin_guard_unless(const struct call *c, enum role before, enum role after)
{
    bool makes_admin = before == ROLE_TENANT_ADMIN || after == ROLE_TENANT_ADMIN;
    if (scope_of(c)->tenant == NULL || scope_is_platforms_word(c)) {
        return 0;
    }
    return makes_admin ? APPROVALS_ALL : 0;
}

step admin_guard_check(struct call *c, enum role before, enum role after)
{
    uint32_t unless = admin_guard_unless(c, before, after);
    return unless != 0 && (scope_of(c)->tenant->view.approvals & unless) != 0
               ? call_fail(c, R_APPROVAL_REQUIRED, "a tenant admin would change another")
               : STEP_NEXT;
}

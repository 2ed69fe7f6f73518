/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/admin_guard.h"

#include "domain/values/approval.h"

uint32_t admin_guard_unless(const struct call *c, enum role before, enum role after)
{
    const struct scope *scope = scope_of(c);
    bool makes_admin = before == ROLE_TENANT_ADMIN || after == ROLE_TENANT_ADMIN;
    return makes_admin && scope->tenant != NULL && !scope_is_platforms_word(c) ? APPROVALS_ALL : 0;
}

step admin_guard_check(struct call *c, enum role before, enum role after)
{
    uint32_t unless = admin_guard_unless(c, before, after);
    return unless != 0 && (scope_of(c)->tenant->view.approvals & unless) != 0
               ? call_fail(c, R_APPROVAL_REQUIRED, "a tenant admin would make another")
               : STEP_NEXT;
}

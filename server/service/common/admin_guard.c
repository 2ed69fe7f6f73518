/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/admin_guard.h"

#include "domain/relations/gateway_purpose.h"
#include "domain/values/approval.h"

static bool makes_opener(const struct call *c, enum role before, enum role after)
{
    return before == ROLE_NONE && after == ROLE_GATEWAY &&
           gateway_has_power(&scope_of(c)->tenant->view);
}

uint32_t admin_guard_unless(const struct call *c, enum role before, enum role after)
{
    bool makes_admin = before == ROLE_TENANT_ADMIN || after == ROLE_TENANT_ADMIN;
    if (scope_of(c)->tenant == NULL || scope_is_platforms_word(c)) {
        return 0;
    }
    return makes_admin                      ? APPROVALS_ALL
           : makes_opener(c, before, after) ? 1U << APPROVAL_CONTENT_ACCESS
                                            : 0;
}

step admin_guard_check(struct call *c, enum role before, enum role after)
{
    uint32_t unless = admin_guard_unless(c, before, after);
    return unless != 0 && (scope_of(c)->tenant->view.approvals & unless) != 0
               ? call_fail(c, R_APPROVAL_REQUIRED,
                           "a tenant admin would make another, or a gateway that opens mail")
               : STEP_NEXT;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* An admin who could make other admins, or their credentials, would be two persons. So where a
 * tenant requires approval of anything, its own admins may neither register one, nor change the
 * role, the credential or the state of one (docs/policy.md §6). `before` and `after`: the component's role; ROLE_NONE: there
 * is none. */
#pragma once

#include "service/common/scope.h"

/* NEXT, or R_APPROVAL_REQUIRED. To be asked in a step before the commit, so that the refusal is
 * recorded. */
step admin_guard_check(struct call *c, enum role before, enum role after);
/* For the act's op->approval.unless: the same, if the tenant begins to require it meanwhile. */
uint32_t admin_guard_unless(const struct call *c, enum role before, enum role after);

/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/content_access.h"

#include <string.h>

#include "auth/boundary_guard.h"
#include "context/wait.h"

static bool may_know(const struct caller *caller, const struct content_row *row)
{
    char component[UUID_TEXT_BYTES];
    const struct subject *subject = &caller->subject;
    if (subject_has_user(subject)) {
        return subject_is_user(subject, row->owner) || subject_is_user(subject, row->issuer);
    }
    uuid_format(subject->component.id.u, component);
    return subject->component.role == ROLE_TENANT_ADMIN || strcmp(row->issuer, component) == 0;
}

static step found(struct call *c)
{
    struct content_access *a = content_access_of(c);
    if (a->find.op.err.reason != R_NONE) {
        return wait_failed(c, &a->find.op.err);
    }
    return may_know(caller_of(c), &a->find.row)
               ? STEP_NEXT
               : call_fail(c, R_NOT_FOUND, "neither owner nor issuer nor admin");
}

static step look(struct call *c)
{
    struct content_access *a = content_access_of(c);
    wait_store_init(c, &a->find.op);
    content_store_find(&a->find, caller_tenant(caller_of(c)), a->content);
    return wait_store(c, found, &a->find.op);
}

step content_access_find(struct call *c)
{
    const struct caller *caller = caller_of(c);
    return ID_IS_ZERO(caller_tenant(caller))
               ? call_fail(c, R_NOT_FOUND, "a caller of no tenant")
               : boundary_guard_then(c, caller_boundary(caller), look);
}

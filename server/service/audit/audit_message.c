/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/audit_message.h"

#include "service/common/audit_record.h"
#include "service/common/scope.h"

Chancery__V1__AuditEvent *audit_message(struct call *c, const struct audit_event *event)
{
    Chancery__V1__AuditEvent *e = call_message(c, &chancery__v1__audit_event__descriptor);
    return e != NULL && audit_record_fill(call_arena(c), event, scope_tenant_name(c), e) ? e : NULL;
}

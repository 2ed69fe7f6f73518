/* SPDX-License-Identifier: Apache-2.0 */
#include "service/device/device_message.h"

#include "auth/caller.h"
#include "domain/relations/membership.h"
#include "service/common/reply.h"

step device_tenant(struct call *c)
{
    const struct subject *subject = &caller_of(c)->subject;
    return subject_has_user(subject) && ID_IS_ZERO(subject->user.tenant)
               ? call_fail(c, R_DEVICE_DENIED, "a person of no tenant")
               : STEP_NEXT;
}

step device_check_member(struct call *c)
{
    return membership_is_certain(&caller_of(c)->subject.user)
               ? STEP_NEXT
               : call_fail(c, R_DEVICE_DENIED, "no member of the tenant");
}

Chancery__V1__Device *device_message_write(struct call *c, const struct device_row *row)
{
    Chancery__V1__Device *m = call_message(c, &chancery__v1__device__descriptor);
    bool is_mailbox = !ID_IS_ZERO(row->component);
    if (m == NULL) {
        return NULL;
    }
    m->address = reply_text(row->address);
    m->thumbprint = reply_text(row->thumbprint);
    m->display_name = reply_text(row->display_name);
    m->kind = is_mailbox ? CHANCERY__V1__DEVICE_KIND__DEVICE_KIND_MAILBOX
                         : CHANCERY__V1__DEVICE_KIND__DEVICE_KIND_DEVICE;
    m->public_jwk = reply_text(row->public_jwk);
    m->component_id = reply_uuid(c, row->component.u);
    m->register_time = reply_time(c, row->registered_at);
    m->expire_time = reply_time(c, row->ends_at);
    return m->component_id == NULL ? NULL : m;
}

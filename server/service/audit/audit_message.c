/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/audit_message.h"

#include "domain/values/power.h"
#include "service/common/reply.h"
#include "service/common/scope.h"

Chancery__V1__AuditEvent *audit_message(struct call *c, const struct audit_event *event)
{
    Chancery__V1__AuditEvent *e = call_message(c, &chancery__v1__audit_event__descriptor);
    struct rights rights;
    if (e == NULL || !reply_recorded_rights(c, event->rights, &rights)) {
        return NULL;
    }
    e->event_id = reply_text(reply_uuid(c, event->event.u));
    e->time = reply_time(c, event->at);
    e->tenant = reply_text(scope_tenant_name(c));
    e->operation = reply_text(event->operation);
    e->granted = event->granted;
    e->reason = reply_text(event->reason);
    e->user = reply_text(event->user);
    e->component = reply_text(event->component);
    e->content_id = reply_text(reply_uuid(c, event->content.u));
    e->template_id = reply_text(reply_uuid(c, event->template.u));
    e->policy_version = event->policy_version;
    e->n_rights = reply_rights(c, &rights, (int **)&e->rights);
    e->n_custom_rights = reply_custom_rights(c, &rights, &e->custom_rights);
    e->channel = (Chancery__V1__Channel)channel_of(event->channel);
    e->power = (Chancery__V1__Power)power_of(event->power);
    e->client_address = reply_text(event->client_address);
    e->user_agent = reply_text(event->user_agent);
    e->correlation_id = reply_text(event->correlation_id);
    e->target = reply_text(event->target);
    e->calls = event->calls;
    return e;
}

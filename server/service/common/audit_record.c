/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/audit_record.h"

#include "domain/values/channel.h"
#include "domain/values/power.h"
#include "service/common/value.h"

bool audit_record_fill(struct arena *arena, const struct audit_event *event, const char *tenant,
                       Chancery__V1__AuditEvent *out)
{
    struct rights rights;
    if (!value_recorded_rights(arena, event->rights, &rights)) {
        return false;
    }
    out->event_id = value_uuid(arena, event->event.u);
    out->time = value_time(arena, event->at);
    out->tenant = value_text(tenant);
    out->operation = value_text(event->operation);
    out->granted = event->granted;
    out->reason = value_text(event->reason);
    out->user = value_text(event->user);
    out->component = value_text(event->component);
    out->content_id = value_uuid(arena, event->content.u);
    out->template_id = value_uuid(arena, event->template.u);
    out->policy_version = event->policy_version;
    out->n_rights = value_rights(arena, &rights, (int **)&out->rights);
    out->n_custom_rights = value_custom_rights(arena, &rights, &out->custom_rights);
    out->channel = (Chancery__V1__Channel)channel_of(event->channel);
    out->power = (Chancery__V1__Power)power_of(event->power);
    out->client_address = value_text(event->client_address);
    out->user_agent = value_text(event->user_agent);
    out->correlation_id = value_text(event->correlation_id);
    out->target = value_text(event->target);
    out->calls = event->calls;
    return out->event_id != NULL && out->content_id != NULL && out->template_id != NULL;
}

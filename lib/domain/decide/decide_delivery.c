/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_delivery.h"

#include "domain/relations/boundary_rule.h"

void decide_delivery(const struct delivery_question *q, struct delivery_decision *out)
{
    const char *content = q->tenant->boundary;
    enum delivery rule = boundary_rule_between(q->platform, content, q->reader.boundary);
    if (rule == DELIVERY_PORTAL && tenant_has_partner(q->tenant, q->reader.tenant)) {
        rule = DELIVERY_NATIVE;
    }
    *out = (struct delivery_decision){.portal_url = ""};
    if (q->is_denied && rule != DELIVERY_BLOCK) {
        out->reason = R_PARTNER_DENIED;
        return;
    }
    switch (rule) {
    case DELIVERY_NATIVE:
        out->channel = CHANNEL_NATIVE;
        return;
    case DELIVERY_PORTAL:
        out->channel = CHANNEL_PORTAL;
        out->portal_url = boundary_portal_url(q->platform, content);
        return;
    case DELIVERY_BLOCK:
        break;
    }
    out->reason = R_BOUNDARY_BLOCKED; /* also for a stored rule that this version does not know */
}

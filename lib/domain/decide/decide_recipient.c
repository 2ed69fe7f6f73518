/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_recipient.h"

#include "domain/relations/content_power.h"
#include "domain/relations/effective_policy.h"

static bool is_usable(const struct effective_policy *now)
{
    const char *problem;
    return now->template != NULL && !now->template->is_archived &&
           effective_policy_is_readable(now, &problem);
}

static bool has_rights(const struct effective_policy *now, const struct subject *recipient)
{
    struct rights rights;
    effective_policy_rights(now, recipient, &rights);
    return !rights_are_none(&rights);
}

/* Nothing was amended yet, and each recipient is one. */
enum reason decide_recipient(const struct recipient_question *q)
{
    const struct subject *recipient = q->recipient;
    const struct policy policy = {.kind = POLICY_TEMPLATE,
                                  .template_id = q->template_id,
                                  .owner = q->sender,
                                  .issuer = "",
                                  .recipients = recipient->user.addresses,
                                  .recipient_count = 1};
    const struct effective_policy now = effective_policy_of(q->tenant, &policy, NULL);
    bool is_asked = tenant_has_switched(q->tenant, TENANT_REJECTS_WITHOUT_RIGHTS) && !q->is_group;
    if (!is_asked || !is_usable(&now)) {
        return R_NONE;
    }
    bool is_own = content_power_own(q->tenant->id, q->sender, "", recipient) != POWER_NONE;
    return is_own || has_rights(&now, recipient) ? R_NONE : R_NO_RIGHTS;
}

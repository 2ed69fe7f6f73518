/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/tracking.h"

#include "domain/relations/membership.h"

bool tracking_is_hidden(const struct tenant_view *tenant, const struct subject *subject,
                        enum power power)
{
    bool is_lent = power == POWER_SUPER_USER || power == POWER_DECRYPTOR;
    if (is_lent || !subject_has_user(subject) ||
        !membership_of_tenant(&subject->user, tenant->id)) {
        return false;
    }
    for (size_t i = 0; i < tenant->do_not_track_count; i++) {
        if (membership_matches(&tenant->do_not_track[i], subject)) {
            return true;
        }
    }
    return tenant->has_unread_do_not_track;
}

bool tracking_is_told(const struct tenant_view *tenant, const struct subject *subject,
                      const char *owner)
{
    return tenant_has_switched(tenant, TENANT_NOTIFIES_OWNERS) && subject_has_user(subject) &&
           !subject_is_user(subject, owner);
}

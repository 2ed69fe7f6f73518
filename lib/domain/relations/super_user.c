/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/super_user.h"

#include "domain/relations/membership.h"

static bool names_subject(const struct super_user *power, const struct subject *subject)
{
    const struct subject_component *c = &subject->component;
    if (power->is_component) {
        return !subject_has_user(subject) && subject_has_component(subject) &&
               ID_EQ(power->component, c->id);
    }
    return membership_matches(&power->principal, subject);
}

bool super_user_holds(const struct tenant_view *tenant, const struct subject *subject,
                      struct unix_time now)
{
    bool is_own = subject_has_user(subject) ? membership_of_tenant(&subject->user, tenant->id)
                                            : ID_EQ(subject->component.tenant, tenant->id);
    for (size_t i = 0; is_own && i < tenant->super_user_count; i++) {
        if (now.s < tenant->super_users[i].expires_at.s &&
            names_subject(&tenant->super_users[i], subject)) {
            return true;
        }
    }
    return false;
}

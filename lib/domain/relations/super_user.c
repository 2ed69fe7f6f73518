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

struct unix_time super_user_until(const struct tenant_view *tenant, const struct subject *subject,
                                  struct unix_time now)
{
    struct unix_time end = {0};
    bool is_own = subject_has_user(subject) ? membership_of_tenant(&subject->user, tenant->id)
                                            : ID_EQ(subject->component.tenant, tenant->id);
    for (size_t i = 0; is_own && i < tenant->super_user_count; i++) {
        const struct super_user *power = &tenant->super_users[i];
        if (power->expires_at.s > now.s && power->expires_at.s > end.s &&
            names_subject(power, subject)) {
            end = power->expires_at;
        }
    }
    return end;
}

bool super_user_names_component(const struct tenant_view *tenant, struct component_id component,
                                struct unix_time now)
{
    for (size_t i = 0; i < tenant->super_user_count; i++) {
        const struct super_user *power = &tenant->super_users[i];
        if (power->is_component && ID_EQ(power->component, component) &&
            now.s < power->expires_at.s) {
            return true;
        }
    }
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/vouching.h"

/* A tenant is in one boundary; the comparison of both holds where a stored row says otherwise. */
static bool is_of_one_tenant(const struct subject *subject)
{
    const struct subject_component *component = &subject->component;
    const struct subject_user *user = &subject->user;
    return !ID_IS_ZERO(component->tenant) && ID_EQ(component->tenant, user->tenant) &&
           strcmp(component->boundary, user->boundary) == 0;
}

static bool is_platforms_portal(const struct subject_component *component)
{
    return ID_IS_ZERO(component->tenant) && component->role == ROLE_PORTAL;
}

bool vouching_covers(const struct subject *subject)
{
    if (subject_user_is_by_passcode(&subject->user)) {
        return is_platforms_portal(&subject->component) &&
               ID_EQ(subject->component.id, subject->user.only_portal);
    }
    return is_of_one_tenant(subject) || is_platforms_portal(&subject->component);
}

bool vouching_binds(const struct subject *subject)
{
    return is_of_one_tenant(subject);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/content_standing.h"

#include <string.h>

#include "domain/relations/content_power.h"

static enum content_standing of_component(const struct content_parties *content,
                                          const struct subject_component *component)
{
    char id[UUID_TEXT_BYTES];
    if (!ID_EQ(component->tenant, content->tenant)) {
        return STANDING_NONE;
    }
    if (component->role == ROLE_TENANT_ADMIN) {
        return STANDING_ADMIN;
    }
    uuid_format(component->id.u, id);
    return strcmp(content->issuer, id) == 0 ? STANDING_PROTECTOR : STANDING_NONE;
}

enum content_standing content_standing_of(const struct content_parties *content,
                                          const struct subject *subject)
{
    if (!subject_has_user(subject)) {
        return of_component(content, &subject->component);
    }
    enum power power = content_power_own(content->tenant, content->owner, content->issuer, subject);
    return power == POWER_NONE ? STANDING_NONE : STANDING_OWNER;
}

enum content_standing content_standing_by(const struct rights *granted)
{
    if ((granted->bits & RIGHT_OWNER) != 0) {
        return STANDING_OWNER;
    }
    return (granted->bits & RIGHT_EDITRIGHTSDATA) != 0 ? STANDING_EDITOR : STANDING_NONE;
}

bool content_standing_allows(enum content_standing standing, enum content_act act)
{
    switch (standing) {
    case STANDING_NONE:
        return false;
    case STANDING_PROTECTOR:
        return act == CONTENT_TRACK || act == CONTENT_REVOKE;
    case STANDING_EDITOR:
        return act == CONTENT_AMEND;
    case STANDING_OWNER:
    case STANDING_ADMIN:
        return true;
    }
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/content_power.h"

#include "domain/relations/membership.h"

static bool is_member_at(struct tenant_id tenant, const char *address,
                         const struct subject *subject)
{
    return subject_is_user(subject, address) && membership_of_tenant(&subject->user, tenant);
}

bool content_power_is_owner(struct tenant_id tenant, const char *owner,
                            const struct subject *subject)
{
    return is_member_at(tenant, owner, subject);
}

enum power content_power_own(struct tenant_id tenant, const char *owner, const char *issuer,
                             const struct subject *subject)
{
    if (content_power_is_owner(tenant, owner, subject)) {
        return POWER_OWNER;
    }
    return is_member_at(tenant, issuer, subject) ? POWER_ISSUER : POWER_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/relations/membership.h"

#include "base/texts.h"
#include "domain/values/address.h"

bool membership_is_certain(const struct subject_user *user)
{
    return !ID_IS_ZERO(user->tenant) && !user->is_guest && !user->is_maybe_guest;
}

bool membership_of_tenant(const struct subject_user *user, struct tenant_id tenant)
{
    return membership_is_certain(user) && ID_EQ(user->tenant, tenant);
}

bool membership_is_outside(const struct subject *subject, struct tenant_id tenant)
{
    return subject_has_user(subject) && !membership_of_tenant(&subject->user, tenant);
}

bool membership_in_group(const struct subject_user *user, const char *group)
{
    return texts_contain(user->groups, user->group_count, group);
}

static bool has_domain(const struct subject_user *user, const char *domain)
{
    for (size_t i = 0; i < user->address_count; i++) {
        if (strcmp(address_domain(user->addresses[i]), domain) == 0) {
            return true;
        }
    }
    return false;
}

bool membership_matches(const struct principal *principal, const struct subject *subject)
{
    const struct subject_user *user = &subject->user;
    if (!subject_has_user(subject)) {
        return false;
    }
    switch (principal->kind) {
    case PRINCIPAL_USER:
        return subject_is_user(subject, principal->name);
    case PRINCIPAL_GROUP:
        return membership_in_group(user, principal->name);
    case PRINCIPAL_DOMAIN:
        return has_domain(user, principal->name);
    case PRINCIPAL_TENANT:
        return membership_is_certain(user) && strcmp(user->tenant_name, principal->name) == 0;
    case PRINCIPAL_AUTHENTICATED:
        return true;
    case PRINCIPAL_RECIPIENTS:
    case PRINCIPAL_OWNER:
    case PRINCIPAL_UNKNOWN:
        break;
    }
    return false;
}

/* --- what a tenant says of its people --------------------------------------------------------- */

rc membership_add_groups(struct arena *arena, struct subject_user *user,
                         const struct tenant_view *tenant, const char *const *groups, size_t count,
                         struct err *err)
{
    if (count == 0) {
        return OK;
    }
    ENSURE(user->group_count + count <= SUBJECT_GROUPS_MAX, err, R_TOO_MANY_GROUPS);
    const char **all = ARENA_ARRAY(arena, const char *, user->group_count + count);
    ARENA_ENSURE(all, err);
    size_t total = 0;
    for (size_t i = 0; i < user->group_count; i++) {
        all[total++] = user->groups[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (tenant_has_domain(tenant, address_domain(groups[i]))) {
            all[total++] = groups[i];
        }
    }
    user->group_count = texts_sort(all, total); /* directories hand their groups out sorted */
    user->groups = all;
    return OK;
}

rc membership_add_aliases(struct subject_user *user, const struct tenant_view *tenant,
                          const char *const *aliases, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!subject_user_has_address(user, aliases[i]) &&
            tenant_has_domain(tenant, address_domain(aliases[i]))) {
            ENSURE(user->address_count < SUBJECT_ADDRESSES_MAX, err, R_TOKEN_CLAIM_INVALID);
            user->addresses[user->address_count++] = aliases[i];
        }
    }
    return OK;
}

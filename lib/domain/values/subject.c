/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/subject.h"

bool subject_has_user(const struct subject *subject)
{
    return subject->user.address_count > 0;
}

bool subject_user_is_by_passcode(const struct subject_user *user)
{
    return !ID_IS_ZERO(user->only_content);
}

bool subject_has_component(const struct subject *subject)
{
    return subject->component.role != ROLE_NONE;
}

bool subject_user_has_address(const struct subject_user *user, const char *address)
{
    for (size_t i = 0; i < user->address_count; i++) {
        /* The first byte settles most comparisons: a policy may name a thousand people. */
        if (user->addresses[i][0] == address[0] && strcmp(user->addresses[i], address) == 0) {
            return true;
        }
    }
    return false;
}

bool subject_is_user(const struct subject *subject, const char *address)
{
    return subject_user_has_address(&subject->user, address);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/power.h"

const char *power_name(enum power power)
{
    static const char *const names[] = {
        [POWER_NONE] = "",
        [POWER_OWNER] = "owner",
        [POWER_ISSUER] = "issuer",
        [POWER_SUPER_USER] = "super_user",
        [POWER_DECRYPTOR] = "decryptor",
    };
    return names[power];
}

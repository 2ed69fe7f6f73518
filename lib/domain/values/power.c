/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/power.h"

#include <string.h>

static const char *const NAMES[] = {
    [POWER_NONE] = "",
    [POWER_OWNER] = "owner",
    [POWER_ISSUER] = "issuer",
    [POWER_SUPER_USER] = "super_user",
    [POWER_DECRYPTOR] = "decryptor",
};

const char *power_name(enum power power)
{
    return NAMES[power];
}

enum power power_of(const char *name)
{
    enum power power = POWER_DECRYPTOR;
    while (power != POWER_NONE && strcmp(NAMES[power], name) != 0) {
        power--;
    }
    return power;
}

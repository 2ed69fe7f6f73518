/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/role.h"

static const char *const names[ROLE_LAST + 1] = {
    [ROLE_NONE] = "none",       [ROLE_GATEWAY] = "gateway",
    [ROLE_PORTAL] = "portal",   [ROLE_DECRYPTOR] = "decryptor",
    [ROLE_CLIENT] = "client",   [ROLE_TENANT_ADMIN] = "tenant-admin",
    [ROLE_AUDITOR] = "auditor", [ROLE_PLATFORM_ADMIN] = "platform-admin",
    [ROLE_PUBLIC] = "public",   [ROLE_PROVISIONER] = "provisioner",
};

const char *role_name(enum role role)
{
    return (unsigned)role > ROLE_LAST ? names[ROLE_NONE] : names[role];
}

enum role role_parse(struct slice name)
{
    for (int i = 1; i <= ROLE_LAST; i++) {
        if (slice_eq_str(name, names[i])) {
            return (enum role)i;
        }
    }
    return ROLE_NONE;
}

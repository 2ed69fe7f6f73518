/* SPDX-License-Identifier: Apache-2.0 */
/* Roles of components: what a caller may be asked for. Pure; any thread. */
#pragma once

#include "base/slice.h"

/* By the numbers of chancery.v1.Role. */
enum role {
    ROLE_NONE = 0,
    ROLE_GATEWAY = 1,
    ROLE_PORTAL = 2,
    ROLE_DECRYPTOR = 3,
    ROLE_CLIENT = 4,
    ROLE_TENANT_ADMIN = 5,
    ROLE_AUDITOR = 6,
    ROLE_PLATFORM_ADMIN = 7,
    ROLE_PUBLIC = 8,
    ROLE_PROVISIONER = 9, /* by a token of a directory; no component has it */
};
enum { ROLE_LAST = ROLE_PROVISIONER };

/* "gateway", "tenant-admin", …; "none" for numbers out of range. */
const char *role_name(enum role role);
/* ROLE_NONE when no role has this name. */
enum role role_parse(struct slice name);

/* SPDX-License-Identifier: Apache-2.0 */
/* Short names of tenants, as `tenant:` principals and boundaries have them. Pure; any thread. */
#pragma once

#include "base/slice.h"

enum { TENANT_NAME_MAX = 63 /* bytes */ };

/* `[a-z][a-z0-9-]{0,62}`. */
bool tenant_name_is_valid(struct slice name);

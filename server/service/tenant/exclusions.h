/* SPDX-License-Identifier: Apache-2.0 */
/* Who or what is excluded, as requests name it. */
#pragma once

#include "domain/values/tenant.h"
#include "rpc/call.h"

/* Values as they are stored, which exclude the same. */
struct exclusion_values {
    const char **items;
    size_t count;
};

/* Exactly one of the three is given; the others are "". */
step exclusion_read(struct call *c, const char *user, const char *application, const char *platform,
                    struct exclusion *out);
/* What the scope's tenant has that excludes the same. */
step exclusion_find(struct call *c, const struct exclusion *exclusion,
                    struct exclusion_values *out);

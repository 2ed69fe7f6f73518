/* SPDX-License-Identifier: Apache-2.0 */
/* Who or what is excluded, as requests name it. */
#pragma once

#include "domain/values/tenant.h"
#include "rpc/call.h"

/* Exactly one of the three is given; the others are "". */
step exclusion_read(struct call *c, const char *user, const char *application, const char *platform,
                    struct exclusion *out);
/* What excludes the same: names may have been stored in several cases. */
struct exclusion_values {
    const char **values;
    size_t count;
};
step exclusion_find(struct call *c, const struct tenant_view *tenant,
                    const struct exclusion *exclusion, struct exclusion_values *out);

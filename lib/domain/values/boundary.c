/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/boundary.h"

#include "domain/values/tenant_name.h"

const struct boundary *boundary_find(const struct platform_view *platform, const char *name)
{
    for (size_t i = 0; i < platform->boundary_count; i++) {
        if (strcmp(platform->boundaries[i].name, name) == 0) {
            return &platform->boundaries[i];
        }
    }
    return NULL;
}

const char *boundary_portal_url(const struct platform_view *platform, const char *name)
{
    const struct boundary *boundary = boundary_find(platform, name);
    return boundary == NULL ? "" : boundary->portal_url;
}

bool boundary_name_is_valid(struct slice name)
{
    return tenant_name_is_valid(name) && !slice_eq_str(name, BOUNDARY_EXTERNAL);
}

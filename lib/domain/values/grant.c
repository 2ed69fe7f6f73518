/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/grant.h"

bool grants_add_custom(const struct grant *grants, size_t count, struct rights *rights)
{
    const struct rights *before = NULL;
    struct rights all = {0};
    for (size_t i = 0; i < count && all.custom_count <= RIGHTS_CUSTOM_MAX; i++) {
        if (grants[i].rights != before && grants[i].rights->custom_count > 0) {
            before = grants[i].rights;
            rights_add(&all, before);
        }
    }
    bool fits = all.custom_count <= RIGHTS_CUSTOM_MAX;
    all.bits = 0;
    all.custom_count = fits ? all.custom_count : 0;
    rights_add(rights, &all);
    return fits;
}

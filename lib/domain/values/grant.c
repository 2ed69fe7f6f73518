/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/grant.h"

/* The first of the grants, from `at` on, that names custom rights and shares them with none before
 * it: most policies have no such grant, and every license asks. */
static size_t next_custom(const struct grant *grants, size_t count, size_t at)
{
    while (at < count && (grants[at].rights->custom_count == 0 ||
                          (at > 0 && grants[at].rights == grants[at - 1].rights))) {
        at++;
    }
    return at;
}

bool grants_add_custom(const struct grant *grants, size_t count, struct rights *rights)
{
    size_t at = next_custom(grants, count, 0);
    if (at == count) {
        return true;
    }
    struct rights all = {0};
    for (; at < count; at = next_custom(grants, count, at + 1)) {
        rights_add(&all, grants[at].rights);
        if (all.custom_count > RIGHTS_CUSTOM_MAX) {
            return false;
        }
    }
    all.bits = 0;
    if (rights != NULL) {
        rights_add(rights, &all);
    }
    return true;
}

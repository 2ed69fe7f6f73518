/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/decide/decide_look.h"

#include <string.h>

enum reason decide_look(const struct tenant_view *tenant, const struct subject_component *portal)
{
    if (tenant->state != TENANT_ACTIVE) {
        return R_TENANT_DISABLED;
    }
    return strcmp(portal->boundary, tenant->boundary) == 0 ? R_NONE : R_PORTAL_REQUIRED;
}

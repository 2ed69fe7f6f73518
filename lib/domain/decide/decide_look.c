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

enum reason decide_answer_look(const struct tenant_view *tenant, const struct policy *policy,
                               const struct subject_component *portal)
{
    char id[UUID_TEXT_BYTES];
    enum reason reason = decide_look(tenant, portal);
    uuid_format(portal->id.u, id);
    return reason == R_NONE && strcmp(policy->issuer, id) != 0 ? R_NOT_FOUND : reason;
}

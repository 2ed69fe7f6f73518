/* SPDX-License-Identifier: Apache-2.0 */
/* May this gateway ask for a license of this recipient before the recipient does (docs/policy.md §5.6)? Whether the
 * recipient may have one is decided as for themselves (decide_access.h). Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

struct pre_license_question {
    const struct tenant_view *tenant; /* the content's */
    const struct tenant_view
        *home; /* the recipient's, active: it has verified the address's domain; NULL: none */
    const struct subject_component *gateway;
    const char *owner;     /* of the content; normalized */
    const char *recipient; /* by whichever of their addresses; normalized */
};

/* R_NONE, TENANT_DISABLED (the content's), COMPONENT_TENANT or COMPONENT_DOMAIN. What a gateway is told that has to do with
 * neither side does not depend on the recipient. */
enum reason decide_pre_license(const struct pre_license_question *question);

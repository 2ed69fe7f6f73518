/* SPDX-License-Identifier: Apache-2.0 */
/* For whose tenant a publisher asks: gateways and people, who administer nothing. */
#pragma once

#include "service/common/scope.h"

/* Fill the scope with the user's tenant, the component's, or for a platform's gateway that of the
 * owner, whom `field` of the request names. R_COMPONENT_DOMAIN: the owner's domain is nobody's;
 * R_PROTECT_DENIED: a user of no tenant. The boundary is served here by then. */
step publisher_scope(struct call *c, const char *field, const char *owner);

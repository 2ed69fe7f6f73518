/* SPDX-License-Identifier: Apache-2.0 */
/* Whose a content is: the power that its owner and its issuer have over it. They have it as people,
 * and only while they are members of the content's tenant: an address that has gone elsewhere
 * carries no power with it. A component that protected for somebody has none. Pure. */
#pragma once

#include "domain/values/power.h"
#include "domain/values/subject.h"

/* Whether the subject's user is the owner, a normalized address, of content of this tenant. */
bool content_power_is_owner(struct tenant_id tenant, const char *owner,
                            const struct subject *subject);
/* POWER_OWNER, POWER_ISSUER or POWER_NONE. `issuer` is a normalized address, or a component's id,
 * which is nobody's address. */
enum power content_power_own(struct tenant_id tenant, const char *owner, const char *issuer,
                             const struct subject *subject);

/* SPDX-License-Identifier: Apache-2.0 */
/* Super users: who opens everything of a tenant, for as long as that was switched on. Pure. */
#pragma once

#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* Whether the subject is a super user of this tenant at this time: one of its members, or a
 * component of its own that acts alone. */
bool super_user_holds(const struct tenant_view *tenant, const struct subject *subject,
                      struct unix_time now);
/* Whether power was switched on for this component, and holds at this time. */
bool super_user_names_component(const struct tenant_view *tenant, struct component_id component,
                                struct unix_time now);

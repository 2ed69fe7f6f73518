/* SPDX-License-Identifier: Apache-2.0 */
/* Super users and decryptors: who opens everything of a tenant, for as long as that was switched on.
 * Pure. */
#pragma once

#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* Until when the subject is a super user of this tenant: one of its members, or a component of its
 * own that acts alone. Of several grants that hold now the latest end counts; 0: none holds. */
struct unix_time super_user_until(const struct tenant_view *tenant, const struct subject *subject,
                                  struct unix_time now);
/* Whether power was switched on for this component, and holds at this time. */
bool super_user_names_component(const struct tenant_view *tenant, struct component_id component,
                                struct unix_time now);

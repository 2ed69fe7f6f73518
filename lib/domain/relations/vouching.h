/* SPDX-License-Identifier: Apache-2.0 */
/* For whom a component speaks whose token it carries: docs/policy.md §7.5. Whoever holds a user's token might have
 * stolen it, and a component's own credential says nothing of that. Pure. */
#pragma once

#include "domain/values/subject.h"

/* Whether the component may ask for the user. One of a tenant may for that tenant's users, the
 * platform's portal for everybody: which content it gets, its boundary decides (decide_access.h). The platform's
 * other components carry nobody. Who has shown a one-time passcode comes by the portal that they showed it to, and
 * not without one. */
bool vouching_covers(const struct subject *subject);
/* Whether a credential of the component that is bound to a key or certificate will do where the user's tenant wants a
 * bound token of the user: within that tenant only. */
bool vouching_binds(const struct subject *subject);

/* SPDX-License-Identifier: Apache-2.0 */
/* What a content's tenant limits for readers from outside, beyond the policy (docs/policy.md §3.10,
 * §3.11): by the branding with which it was protected, as that is now. Pure. */
#pragma once

#include "domain/relations/membership.h"
#include "domain/values/policy.h"

/* Whether the subject may sign in as they have to read it. Members and components may. */
bool outside_sign_in_is_allowed(const struct tenant_view *tenant, const struct policy *policy,
                                const struct subject *subject);
/* When the content ends for the subject, given when it ends for all; 0: never. */
struct unix_time outside_expiry(const struct tenant_view *tenant, const struct policy *policy,
                                const struct subject *subject, struct unix_time for_all);

/* SPDX-License-Identifier: Apache-2.0 */
/* May this portal show the look of a content of this tenant, before anybody has signed in? Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* R_NONE, or why not, in this order: TENANT_DISABLED; PORTAL_REQUIRED for a portal of another boundary, which
 * doesn't open the content either (docs/policy.md §7.4). */
enum reason decide_look(const struct tenant_view *tenant, const struct subject_component *portal);

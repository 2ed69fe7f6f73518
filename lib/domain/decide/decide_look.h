/* SPDX-License-Identifier: Apache-2.0 */
/* May this portal show the look of a content of this tenant, before anybody has signed in? Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/policy.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* R_NONE, or why not, in this order: TENANT_DISABLED; PORTAL_REQUIRED for a portal of another boundary, which
 * doesn't open the content either (docs/policy.md §7.4). */
enum reason decide_look(const struct tenant_view *tenant, const struct subject_component *portal);
/* May it have the wrapper written of content with this policy? After decide_look: NOT_FOUND for what it hasn't had
 * protected itself, which is no answer of its readers. */
enum reason decide_answer_look(const struct tenant_view *tenant, const struct policy *policy,
                               const struct subject_component *portal);

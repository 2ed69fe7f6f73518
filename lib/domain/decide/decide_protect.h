/* SPDX-License-Identifier: Apache-2.0 */
/* May this caller protect content under this policy? Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/policy.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

struct protect_question {
    const struct tenant_view *tenant; /* of the owner: its policy and keys protect */
    const struct subject *subject;
    const struct policy *policy; /* as it would be sealed; owner set */
};

/* R_NONE, or why not: what decide_publisher says; POLICY_SWITCHED_OFF; what decide_choice says of the
 * template; BRANDING_NOT_FOUND; RECIPIENTS_MISSING. */
enum reason decide_protect(const struct protect_question *question);

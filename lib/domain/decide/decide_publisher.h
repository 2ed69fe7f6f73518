/* SPDX-License-Identifier: Apache-2.0 */
/* May this caller protect content of this tenant, and which of its templates may they choose?
 * Questions 1 to 5 of docs/policy.md §5.1; lists of templates ask them too. Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

struct publisher_question {
    const struct tenant_view *tenant; /* of the owner: its policy and keys protect */
    const struct subject *subject;
    const char *owner; /* normalized; "": whoever it may be, for a component that acts alone */
};

/* Questions 1 to 4. R_NONE, or why not, in this order: TENANT_DISABLED; COMPONENT_TENANT,
 * COMPONENT_DOMAIN (a component that may not act here or for this owner); EXCLUDED; PROTECT_DENIED,
 * ONBOARDING_INVALID (a user who is no member, speaks for another, or is not on the list). A user
 * whom a component carries is asked what every user is. */
enum reason decide_publisher(const struct publisher_question *question);
/* Question 5, of a template (NULL: there is none): R_NONE, or TEMPLATE_NOT_FOUND, TEMPLATE_SCOPE,
 * TEMPLATE_ARCHIVED, POLICY_INVALID. A component that acts alone chooses by mail-flow rules, so
 * scopes don't bind it. */
enum reason decide_choice(const struct publisher_question *question,
                          const struct template_policy *template);

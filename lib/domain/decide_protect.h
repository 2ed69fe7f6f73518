/* SPDX-License-Identifier: Apache-2.0 */
/* May this caller protect content under this policy? Pure. */
#pragma once

#include "domain/tenant_view.h"

struct protect_question {
    const struct tenant_view *tenant; /* of the owner: his policy and keys protect */
    const struct subject *subject;
    const struct policy *policy; /* as it would be sealed; owner set */
};

/* R_NONE, or why not, in this order: TENANT_DISABLED; COMPONENT_TENANT, COMPONENT_DOMAIN (a component
 * that may not act here or for this sender); EXCLUDED; PROTECT_DENIED (not a member, or onboarding
 * control); TEMPLATE_NOT_FOUND, TEMPLATE_SCOPE, TEMPLATE_ARCHIVED, POLICY_INVALID;
 * RECIPIENTS_MISSING. */
enum reason decide_protect(const struct protect_question *question);
/* May this gateway speak for this sender (a normalized address) of the tenant? It stands in the tenant's boundary, and
 * the sender's domain is one of the gateway's and of the tenant's; no user takes part. R_NONE, R_COMPONENT_TENANT,
 * R_COMPONENT_DOMAIN. */
enum reason decide_sender(const struct tenant_view *tenant, const struct subject_component *gateway,
                          const char *sender);

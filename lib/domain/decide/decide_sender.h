/* SPDX-License-Identifier: Apache-2.0 */
/* May this gateway speak for this sender? Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

/* May this gateway act in this tenant at all? The gateway stands in the tenant's boundary, and is
 * its own or the platform's. R_NONE, TENANT_DISABLED or COMPONENT_TENANT. */
enum reason decide_gateway(const struct tenant_view *tenant,
                           const struct subject_component *gateway);
/* `sender` is a normalized address of the tenant. The gateway may act there, and the
 * sender's domain is one of the gateway's and of the tenant's; no user takes part.
 * R_NONE, or why not, in this order: TENANT_DISABLED, COMPONENT_TENANT, COMPONENT_DOMAIN. */
enum reason decide_sender(const struct tenant_view *tenant, const struct subject_component *gateway,
                          const char *sender);
/* The same for a message that the tenant's rules are asked about: mail from elsewhere, too, comes to a
 * gateway of the tenant itself. */
enum reason decide_message_sender(const struct tenant_view *tenant,
                                  const struct subject_component *gateway, const char *sender);

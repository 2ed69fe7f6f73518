/* SPDX-License-Identifier: Apache-2.0 */
/* For what a tenant's gateways open its mail without a reader: to have it scanned on its way, or for a
 * journal (docs/policy.md §3.12). Pure. */
#pragma once

#include "base/err.h"
#include "domain/values/subject.h"
#include "domain/values/tenant.h"

enum gateway_purpose { FOR_NO_GATEWAY, FOR_SCAN, FOR_JOURNAL };

/* Whether the caller is a gateway of the content's tenant that acts alone, and the tenant says so.
 * R_NONE: yes, or it is for no gateway. R_COMPONENT_ROLE: no gateway; or one that brings a user.
 * R_COMPONENT_TENANT: another tenant's, or the platform's. R_DECRYPTION_OFF: the tenant doesn't. */
enum reason gateway_purpose_refusal(const struct tenant_view *tenant, const struct subject *subject,
                                    enum gateway_purpose purpose);
/* Whether the tenant's gateways open its mail for any purpose, so that who is one has power. */
bool gateway_has_power(const struct tenant_view *tenant);

/* SPDX-License-Identifier: Apache-2.0 */
/* What a tenant's rules allow with any message, whatever is in it: for gateways that can't ask
 * (docs/policy.md §10.7). Pure. */
#pragma once

#include "domain/rules/rule_set.h"

/* `rejects_without_rights`: the tenant wants mail rejected that a recipient could not open by a rule's template
 * (docs/policy.md §3.11), which can't be seen without asking. Of the actions protection, template, branding and TLS
 * count; PROTECTION_NONE: nothing may be sent. */
void rules_while_away(const struct rule_set *set, bool rejects_without_rights,
                      struct rule_actions *out);

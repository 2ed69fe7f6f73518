/* SPDX-License-Identifier: Apache-2.0 */
/* A mail-flow rule as it is stored, and as decisions see it. Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "chancery/v1/mail_flow.pb-c.h"
#include "domain/rules/rule.h"

/* What was stored: conditions, exceptions and actions of a rule, normalized. R_RULES_INVALID: this version
 * doesn't know all of it, so that it might do something else than it says (docs/policy.md §3.8). Whatever
 * the arena lends. */
rc mail_rule_unpack(struct arena *arena, struct slice definition, Chancery__V1__Rule **out,
                    struct err *err);
/* The same as decisions see it. Borrows the message; of the rule's other members none is set. R_RULES_INVALID. */
rc mail_rule_read(struct arena *arena, const Chancery__V1__Rule *message, struct mail_rule *out,
                  struct err *err);
/* How many values and patterns it has. */
struct mail_rule_size {
    size_t values, patterns;
};
struct mail_rule_size mail_rule_size(const Chancery__V1__Rule *message);
struct mail_rule_size mail_rule_condition_size(const Chancery__V1__RuleCondition *condition);

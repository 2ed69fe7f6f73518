/* SPDX-License-Identifier: Apache-2.0 */
/* A mail-flow rule between its message and its row. */
#pragma once

#include "chancery/v1/mail_flow.pb-c.h"
#include "domain/rules/word_split.h"
#include "service/common/resources.h"
#include "store/resource/mail_rule_store.h"

/* A rule that is made or changed: what its table of fields reads into. */
struct rule_edit {
    struct mail_rule_row row;
    Chancery__V1__Rule *rule; /* conditions, exceptions and actions, normalized */
    struct word_letters *letters;
    size_t next_pattern; /* to check, of all of them */
    bool is_invalid;     /* what was stored can't be read (docs/policy.md §3.8) */
};

enum { RULE_MEMORY = 4 << 20 /* to show the largest page of rules, unpacked */ };

/* Begin with a rule of which nothing is said. */
step rule_message_begin(struct call *c, struct rule_edit *edit);
/* Begin with what is stored. R_RULES_INVALID. */
step rule_message_begin_stored(struct call *c, struct rule_edit *edit,
                               const struct mail_rule_row *row);
/* When all fields are read: compile each pattern, over several turns of the loop, and make the row.
 * `self` is the step to which the call comes back. */
step rule_message_finish(struct call *c, struct rule_edit *edit, step_fn self);

/* Check a condition and bring its values into their stored forms, in place. `path` names it. */
step rule_message_check_condition(struct call *c, const struct rule_edit *edit, const char *path,
                                  Chancery__V1__RuleCondition *condition);

/* A row as a message; one that can't be read says so. NULL over budget. */
Chancery__V1__Rule *rule_message_write(struct call *c, const struct mail_rule_row *row);

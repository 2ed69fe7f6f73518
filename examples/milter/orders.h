/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules want done with a mail. */
#pragma once

#include <chancery/evaluation.h>
#include <stdbool.h>

struct orders {
    int protection;       /* of chancery_rule_protection */
    char template_id[40]; /* with CHANCERY_RULE_PROTECTION_TEMPLATE */
    char branding[72];    /* "": none */
    bool requires_tls;
};

/* With the mail that they were asked about. */
struct orders orders_of(const chancery_evaluation *evaluation);
/* With any mail of the tenant, when they can't be asked (docs/policy.md §10.7). */
struct orders orders_while_away(const chancery_evaluation *evaluation);

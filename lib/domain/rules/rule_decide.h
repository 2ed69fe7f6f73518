/* SPDX-License-Identifier: Apache-2.0 */
/* What a tenant's rules say of a message, and why (docs/policy.md §10). Pure. */
#pragma once

#include "base/arena.h"
#include "domain/rules/rule_scan.h"

/* What of a rule's actions took effect. By the numbers of chancery.v1.RuleEffect. */
enum rule_effect {
    EFFECT_PROTECTION = 1,
    EFFECT_BRANDING = 2,
    EFFECT_PORTAL = 3,
    EFFECT_TLS = 4,
    EFFECT_BLOCK = 5,
    EFFECT_STOP = 6,
};

/* By the numbers of chancery.v1.RuleOutcome. */
enum rule_outcome {
    RULE_MATCHES = 1,         /* all conditions hold, and no exception */
    RULE_LACKS_CONDITION = 2, /* `part` doesn't hold */
    RULE_IS_EXCEPTED = 3,     /* the exception `part` holds */
    RULE_NOT_REACHED = 4,     /* a rule before it has stopped or blocked */
};

struct rule_finding {
    const struct mail_rule *rule;
    enum rule_outcome outcome;
    size_t part;                /* of the rule's conditions, or exceptions */
    const char *const *reasons; /* what made each condition hold, or the exception */
    size_t reason_count;
    uint32_t effects; /* bits of what it did, or in test mode would have done */
};

/* What is to be done with the message; of what is not to be done the members are zero. */
struct rules_decision {
    bool is_blocked; /* then nothing else is to be done */
    struct rule_actions actions;
    const struct mail_rule *decided_by; /* who has blocked, or said how to protect; NULL: nobody */
    struct rule_finding *findings;      /* of the rules that are not off, in their order */
    size_t finding_count;
};

/* Decide when the scan has come to its end. R_ARENA_EXHAUSTED. */
rc rules_decide(struct arena *arena, const struct rule_set *set, const struct rule_scan *scan,
                struct rules_decision *out, struct err *err);

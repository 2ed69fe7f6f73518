/* SPDX-License-Identifier: Apache-2.0 */
/* A message that a tenant's mail-flow rules are asked about, on its way through EvaluateMessage or
 * Explain. */
#pragma once

#include "chancery/v1/delivery.pb-c.h"
#include "domain/decide/decide_delivery.h"
#include "domain/rules/envelope.h"
#include "domain/rules/rule_decide.h"
#include "service/common/cursor.h"
#include "service/delivery/delivery_sender.h"
#include "store/cache/rule_books.h"
#include "store/resource/mail_rule_store.h"
#include "store/resource/reader_store.h"

/* Rules that are being compiled; freed with the call unless the worker remembers them. */
struct rule_compiling {
    struct arena *arena;
    struct mail_rule *rules;
    size_t next; /* of the rows */
    struct rule_set *set;
};

struct evaluation {
    struct delivery_sender by; /* first */
    const Chancery__V1__MessageFacts *request;
    struct envelope_address *envelope; /* of the recipients, then the sender */
    const char **addresses; /* those of them to ask whose they are; "": it can't be named */
    size_t recipient_count;
    struct cursor cursor;
    struct address_batch batch;
    struct message_person *people; /* as many */
    struct message_facts facts;

    struct rule_book_claim claim;
    struct mail_rules_load load;
    struct rule_compiling compiling;
    const struct rule_book *book;
    struct readers_find readers;
    struct rule_groups_find groups;
    struct rule_scan *scan;
    int64_t spent_ns;
    struct rules_decision decision;
    struct delivery_decision *deliveries; /* one for each recipient */
    struct recipients_find names; /* of those of whom it is not known that they would have rights */
};

static inline struct evaluation *evaluation_of(const struct call *c)
{
    return call_state(c);
}

/* The rows of the flow that have files of their own: the message's facts; the tenant's rules; who
 * the people are; the answer. */
step evaluation_read(struct call *c, const Chancery__V1__MessageFacts *facts,
                     ProtobufCBinaryData body);
step evaluation_recipients(struct call *c);
step evaluation_rules(struct call *c);
step evaluation_ask(struct call *c);
step evaluation_groups(struct call *c);
step evaluation_scan(struct call *c);
/* The rules' word on it. */
rc evaluation_decide(struct call *c);
/* Who would have no rights, where the tenant wants mail for them rejected. */
step evaluation_rights(struct call *c);
/* R_NO_RIGHTS if there is one; else R_NONE. */
enum reason evaluation_rejects(struct call *c);
step evaluation_reply(struct call *c);
/* What the record says beside the reason; NULL over budget. */
const char *evaluation_summary(struct call *c);
const char *evaluation_refusal(struct call *c);

/* Parts of answers; NULL over budget. */
Chancery__V1__RuleActions *evaluation_write_actions(struct call *c);
/* Of the rule that decided; "": none did. */
char *evaluation_write_rule(struct call *c);
Chancery__V1__RuleFinding *evaluation_write_finding(struct call *c,
                                                    const struct rule_finding *from);

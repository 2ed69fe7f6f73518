/* SPDX-License-Identifier: Apache-2.0 */
#include "rule_cases.h"

#include <stdio.h>
#include <string.h>

#include "case.h"
#include "domain/rules/envelope.h"
#include "domain/rules/rule_decide.h"
#include "domain/rules/rules_away.h"
#include "domain/values/boundary.h"

static struct rule_texts texts(const json_t *from, const char *name)
{
    struct rule_texts out;
    out.items = case_texts(from, name, &out.count);
    return out;
}

/* Which of the names, from 1; 0: none of them. */
static unsigned choice(const json_t *from, const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(case_text(from, name), names[i]) == 0) {
            return (unsigned)i + 1;
        }
    }
    return 0;
}

static uint32_t kinds(const json_t *list)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        bits |= 1U << json_integer_value(json_array_get(list, i));
    }
    return bits;
}

static void read_condition(const json_t *from, struct rule_condition *out)
{
    static const char *const facts[] = {"sender", "recipient", "text", "", "size", "", "kind"};
    static const char *const sides[] = {"inside", "outside"};
    static const char *const places[] = {"subject", "body", "either"};
    *out = (struct rule_condition){
        .fact = (enum rule_fact)choice(from, "fact", facts, 7),
        .addresses = texts(from, "addresses"),
        .domains = texts(from, "domains"),
        .groups = texts(from, "groups"),
        .boundaries = texts(from, "boundaries"),
        .side = (enum rule_side)choice(from, "side", sides, 2),
        .every = case_flag(from, "every"),
        .place = (enum rule_place)choice(from, "place", places, 3),
        .words = texts(from, "words"),
        .larger_than = (uint64_t)case_number(from, "larger_than"),
        .kinds = kinds(case_member(from, "kinds")),
    };
}

static const struct rule_condition *conditions(const json_t *list, size_t *count)
{
    struct rule_condition *out = ARENA_ARRAY(case_arena, struct rule_condition, CASE_LIST_MAX);
    *count = json_array_size(list);
    for (size_t i = 0; i < *count; i++) {
        read_condition(json_array_get(list, i), &out[i]);
    }
    return out;
}

static void read_rule(const json_t *from, size_t number, struct mail_rule *out)
{
    static const char *const modes[] = {"enforce", "test", "off"};
    *out = (struct mail_rule){
        .name = "",
        .mode = (enum rule_mode)choice(from, "mode", modes, 3),
        .actions = {.protection = (enum rule_protection)case_number(from, "protection"),
                    .branding = case_text(from, "branding"),
                    .block_text = case_text(from, "block"),
                    .force_portal = case_flag(from, "portal"),
                    .require_tls = case_flag(from, "tls"),
                    .stop = case_flag(from, "stop")},
    };
    out->id.u.b[0] = (uint8_t)number;
    out->actions.template_id.u.b[0] = (uint8_t)case_number(from, "template");
    out->conditions = conditions(case_member(from, "conditions"), &out->condition_count);
    out->exceptions = conditions(case_member(from, "exceptions"), &out->exception_count);
}

/* As the envelope names them; who can't be named, nobody knows anything of. */
static struct message_person person(const json_t *from)
{
    struct rule_texts groups = texts(from, "groups");
    struct address_batch batch;
    struct envelope_address address;
    address_batch_init(&batch, case_arena);
    CH_ASSERT(
        envelope_address_read(&batch, slice_str(case_text(from, "written")), &address, NULL).ok);
    if (address.known[0] == '\0') {
        return (struct message_person){.address = address.seen, .boundary = BOUNDARY_EXTERNAL};
    }
    return (struct message_person){.address = address.seen,
                                   .boundary = case_text(from, "boundary"),
                                   .is_inside = case_flag(from, "inside"),
                                   .groups = groups.items,
                                   .group_count = groups.count};
}

static struct message_facts message(const json_t *from)
{
    const json_t *list = case_member(from, "recipients");
    struct message_person *people = ARENA_ARRAY(case_arena, struct message_person, CASE_LIST_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        people[i] = person(json_array_get(list, i));
    }
    return (struct message_facts){.sender = person(case_member(from, "sender")),
                                  .recipients = people,
                                  .recipient_count = json_array_size(list),
                                  .subject = slice_str(case_text(from, "subject")),
                                  .body = slice_str(case_text(from, "body")),
                                  .size = (uint64_t)case_number(from, "size"),
                                  .kinds = kinds(case_member(from, "kinds"))};
}

static void print_matches(const struct rules_decision *d)
{
    static const char *const names[] = {"",    "protection", "branding", "portal",
                                        "tls", "block",      "stop"};
    bool has_any = false;
    for (size_t i = 0; i < d->finding_count; i++) {
        const char *gap = ":";
        if (d->findings[i].outcome != RULE_MATCHES) {
            continue;
        }
        has_any = true;
        printf(" %d", d->findings[i].rule->id.u.b[0]);
        for (int e = EFFECT_PROTECTION; e <= EFFECT_STOP; e++) {
            if ((d->findings[i].effects >> e & 1) != 0) {
                printf("%s%s", gap, names[e]);
                gap = "+";
            }
        }
        fputs(d->findings[i].effects == 0 ? ":-" : "", stdout);
    }
    puts(has_any || d->is_blocked ? "" : " -");
}

static void print_decision(const struct rules_decision *d)
{
    const struct rule_actions *a = &d->actions;
    if (d->is_blocked) {
        printf("blocked %d", d->decided_by->id.u.b[0]);
    } else {
        printf("%s %d %s %s%s%s", a->protection == PROTECTION_NONE ? "sent" : "protected",
               (int)a->protection, a->branding[0] == '\0' ? "-" : a->branding,
               a->force_portal ? "p" : "", a->require_tls ? "t" : "",
               a->force_portal || a->require_tls ? "" : "-");
        if (d->decided_by == NULL) {
            fputs(" -", stdout);
        } else {
            printf(" %d", d->decided_by->id.u.b[0]);
        }
    }
    print_matches(d);
}

static struct rule_set *read_set(const json_t *list)
{
    size_t count = json_array_size(list);
    struct mail_rule *rules = ARENA_ARRAY(case_arena, struct mail_rule, CASE_LIST_MAX);
    bool is_done = false;
    for (size_t i = 0; i < count; i++) {
        read_rule(json_array_get(list, i), i, &rules[i]);
    }
    struct rule_set *set = rule_set_new(rules, count, 1);
    while (!is_done) {
        CH_ASSERT(rule_set_step(set, &is_done, NULL).ok);
    }
    return set;
}

void rule_answer(const json_t *from)
{
    const struct message_facts facts = message(case_member(from, "message"));
    struct rules_decision decision;
    struct rule_set *set = read_set(case_member(from, "rules"));
    struct rule_scan *scan = rule_scan_new(set, &facts);
    while (rule_scan_step(scan)) {
    }
    CH_ASSERT(rules_decide(case_arena, set, scan, &decision, NULL).ok);
    print_decision(&decision);
    rule_scan_free(scan);
    rule_set_free(set);
}

void rule_away_answer(const json_t *from)
{
    struct rule_actions actions;
    struct rule_set *set = read_set(case_member(from, "rules"));
    rules_while_away(set, case_flag(from, "rejects"), &actions);
    if (actions.protection == PROTECTION_NONE) {
        puts("nothing");
    } else {
        bool has_template = actions.protection == PROTECTION_TEMPLATE;
        printf("protected %d %d %s %s\n", (int)actions.protection,
               has_template ? actions.template_id.u.b[0] : 0,
               actions.branding[0] == '\0' ? "-" : actions.branding,
               actions.require_tls ? "t" : "-");
    }
    rule_set_free(set);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The order of mail-flow rules: that of their documents. Rules that no document describes keep their places. */
#include <string.h>

#include "cli/declared/plan.h"

/* Rules by their ids, and those to be made by their names: pointers that are equal for equal rules. */
struct order {
    const char **rules;
    size_t count;
};

static bool is_among(const char *rule, const struct order *order)
{
    for (size_t i = 0; i < order->count; i++) {
        if (order->rules[i] == rule) {
            return true;
        }
    }
    return false;
}

static bool is_rule_of(const struct document *document, const struct objects *rules)
{
    return document->kind == &KINDS[KIND_RULE] && strcmp(document->tenant, rules->tenant) == 0;
}

/* The rule that a document describes; NULL: it will be made. */
static const struct object *object_of(const struct objects *rules, const struct document *document)
{
    const char *id = document->manifest.id;
    for (size_t i = 0; i < rules->count; i++) {
        const struct object *rule = &rules->list[i];
        if (id[0] != '\0' ? strcmp(rule->id, id) == 0 : strcmp(rule->key, document->key) == 0) {
            return rule;
        }
    }
    return NULL;
}

static struct order new_order(const struct plan *plan, const struct objects *rules)
{
    size_t room = rules->count + plan->documents.count + 1;
    struct order order = {ARENA_ARRAY(plan->state.session->arena, const char *, room), 0};
    CH_ASSERT(order.rules != NULL); /* a session's arena is far larger */
    return order;
}

/* Whether they need another one. Both lists are the rules' ids, and the names of those to be made; NULL-terminated. */
static bool find_order(const struct plan *plan, const struct objects *rules, bool removes,
                       const char ***before, const char ***after)
{
    struct order declared = new_order(plan, rules), is = new_order(plan, rules),
                 shall = new_order(plan, rules);
    size_t next = 0;
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->list[i].is_declared || !removes) {
            is.rules[is.count++] = rules->list[i].id;
        }
    }
    for (size_t i = 0; i < plan->documents.count; i++) {
        const struct document *document = &plan->documents.list[i];
        if (!is_rule_of(document, rules)) {
            continue;
        }
        const struct object *rule = object_of(rules, document);
        declared.rules[declared.count++] = rule == NULL ? document->key : rule->id;
        if (rule == NULL) { /* it goes behind all others */
            is.rules[is.count++] = document->key;
        }
    }
    for (; shall.count < is.count; shall.count++) {
        const char *rule = is.rules[shall.count];
        shall.rules[shall.count] = is_among(rule, &declared) ? declared.rules[next++] : rule;
    }
    *before = is.rules;
    *after = shall.rules;
    return memcmp(is.rules, shall.rules, is.count * sizeof *is.rules) != 0;
}

static void show_names(const struct objects *rules, const char **list)
{
    for (; *list != NULL; list++) {
        for (size_t i = 0; i < rules->count; i++) {
            *list = *list == rules->list[i].id ? rules->list[i].key : *list;
        }
    }
}

void plan_order(struct plan *plan, const struct objects *rules, bool removes)
{
    const char **before, **after;
    if (!find_order(plan, rules, removes, &before, &after)) {
        return;
    }
    show_names(rules, before);
    show_names(rules, after);
    plan_add(plan, (struct change){.act = ACT_ORDER,
                                   .kind = &KINDS[KIND_RULE],
                                   .tenant = rules->tenant,
                                   .key = "",
                                   .before = before,
                                   .after = after});
}

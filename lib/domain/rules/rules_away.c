/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/rules_away.h"

#include <string.h>

#include "domain/rules/rule_set_parts.h"

/* Who is limited by a branding is limited by no other one. */
static bool add_branding(const char *branding, struct rule_actions *all)
{
    if (!rule_text_is_set(branding)) {
        return true;
    }
    bool is_first = !rule_text_is_set(all->branding);
    all->branding = is_first ? branding : all->branding;
    return is_first || strcmp(branding, all->branding) == 0;
}

static bool is_same(const struct rule_actions *a, const struct rule_actions *b)
{
    return a->protection == b->protection &&
           (a->protection != PROTECTION_TEMPLATE || ID_EQ(a->template_id, b->template_id));
}

/* Do Not Forward gives nobody more than Encrypt-Only does; a template can't be compared with anything. Taking
 * off is for what is protected already. */
static bool add_protection(const struct rule_actions *a, struct rule_actions *all)
{
    if (a->protection == PROTECTION_NONE || a->protection == PROTECTION_REMOVE) {
        return true;
    }
    if (all->protection == PROTECTION_NONE) {
        all->protection = a->protection;
        all->template_id = a->template_id;
        return true;
    }
    if (is_same(a, all)) {
        return true;
    }
    bool is_adhoc = a->protection != PROTECTION_TEMPLATE && all->protection != PROTECTION_TEMPLATE;
    all->protection = PROTECTION_DO_NOT_FORWARD;
    return is_adhoc;
}

/* Whether what is sent by `all` is no weaker, if this rule holds for it and if it doesn't. */
static bool add(const struct rule_actions *a, struct rule_actions *all)
{
    all->require_tls = all->require_tls || a->require_tls;
    return !rule_text_is_set(a->block_text) && add_branding(a->branding, all) &&
           add_protection(a, all);
}

void rules_while_away(const struct rule_set *set, bool rejects_without_rights,
                      struct rule_actions *out)
{
    static const struct rule_actions nothing = {.branding = "", .block_text = ""};
    bool may = true;
    *out = nothing;
    for (size_t i = 0; i < set->rule_count && may; i++) {
        const struct mail_rule *rule = set->rules[i].is;
        may = rule->mode != RULE_ENFORCE || add(&rule->actions, out);
    }
    bool is_rejected = rejects_without_rights && out->protection == PROTECTION_TEMPLATE;
    if (!may || is_rejected || out->protection == PROTECTION_NONE) {
        *out = nothing;
    }
}

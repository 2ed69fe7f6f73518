/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/rules/rule_decide.h"

#include "domain/rules/rule_set_parts.h"

/* --- does a rule match? ----------------------------------------------------------------------- */

/* The first of some conditions that holds, or doesn't; `to` if there is none. */
static uint32_t first_that(const struct rule_scan *scan, uint32_t from, uint32_t to, bool holds)
{
    while (from < to && (rule_scan_hit(scan, from) != NULL) != holds) {
        from++;
    }
    return from;
}

static rc reasons_of(struct arena *arena, const struct rule_scan *scan, uint32_t from, uint32_t to,
                     struct rule_finding *out, struct err *err)
{
    const char **reasons = ARENA_ARRAY(arena, const char *, to - from + 1);
    ARENA_ENSURE(reasons, err);
    for (uint32_t i = from; i < to; i++) {
        reasons[i - from] = rule_scan_hit(scan, i);
    }
    out->reasons = reasons;
    out->reason_count = to - from;
    return OK;
}

static rc find(struct arena *arena, const struct rule_scan *scan, const struct compiled_rule *rule,
               struct rule_finding *out, struct err *err)
{
    uint32_t lacking = first_that(scan, rule->conditions, rule->exceptions, false);
    uint32_t excepted = first_that(scan, rule->exceptions, rule->end, true);
    out->rule = rule->is;
    if (lacking < rule->exceptions) {
        out->outcome = RULE_LACKS_CONDITION;
        out->part = lacking - rule->conditions;
        return OK;
    }
    if (excepted < rule->end) {
        out->outcome = RULE_IS_EXCEPTED;
        out->part = excepted - rule->exceptions;
        return reasons_of(arena, scan, excepted, excepted + 1, out, err);
    }
    out->outcome = RULE_MATCHES;
    return reasons_of(arena, scan, rule->conditions, rule->exceptions, out, err);
}

/* --- what does it do? ------------------------------------------------------------------------- */

static uint32_t effect(bool is_said, enum rule_effect which)
{
    return is_said ? 1U << which : 0;
}

/* What it would change of what the rules before it have said: who speaks first of protection, or of
 * branding, has the word. */
static uint32_t effects_of(const struct rule_actions *a, const struct rule_actions *so_far)
{
    if (rule_text_is_set(a->block_text)) {
        return 1U << EFFECT_BLOCK;
    }
    return effect(a->protection != PROTECTION_NONE && so_far->protection == PROTECTION_NONE,
                  EFFECT_PROTECTION) |
           effect(rule_text_is_set(a->branding) && !rule_text_is_set(so_far->branding),
                  EFFECT_BRANDING) |
           effect(a->force_portal && !so_far->force_portal, EFFECT_PORTAL) |
           effect(a->require_tls && !so_far->require_tls, EFFECT_TLS) |
           effect(a->stop, EFFECT_STOP);
}

static bool does(const struct rule_finding *finding, enum rule_effect which)
{
    return (finding->effects >> which & 1) != 0;
}

static void apply(const struct rule_finding *finding, struct rules_decision *out)
{
    const struct rule_actions *a = &finding->rule->actions;
    struct rule_actions *all = &out->actions;
    if (does(finding, EFFECT_BLOCK)) {
        *all = (struct rule_actions){.branding = "", .block_text = a->block_text};
        out->is_blocked = true;
        out->decided_by = finding->rule;
        return;
    }
    if (does(finding, EFFECT_PROTECTION)) {
        all->protection = a->protection;
        all->template_id = a->template_id;
        out->decided_by = finding->rule;
    }
    all->branding = does(finding, EFFECT_BRANDING) ? a->branding : all->branding;
    all->force_portal = all->force_portal || a->force_portal;
    all->require_tls = all->require_tls || a->require_tls;
    all->stop = all->stop || a->stop;
}

rc rules_decide(struct arena *arena, const struct rule_set *set, const struct rule_scan *scan,
                struct rules_decision *out, struct err *err)
{
    *out = (struct rules_decision){.actions = {.branding = "", .block_text = ""}};
    out->findings = ARENA_ARRAY(arena, struct rule_finding, set->rule_count + 1);
    ARENA_ENSURE(out->findings, err);
    for (; out->finding_count < set->rule_count; out->finding_count++) {
        const struct compiled_rule *rule = &set->rules[out->finding_count];
        struct rule_finding *finding = &out->findings[out->finding_count];
        if (out->is_blocked || out->actions.stop) {
            *finding = (struct rule_finding){.rule = rule->is, .outcome = RULE_NOT_REACHED};
            continue;
        }
        TRY(find(arena, scan, rule, finding, err));
        if (finding->outcome == RULE_MATCHES) {
            finding->effects = effects_of(&rule->is->actions, &out->actions);
            if (rule->is->mode == RULE_ENFORCE) {
                apply(finding, out);
            }
        }
    }
    return OK;
}

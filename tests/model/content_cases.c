/* SPDX-License-Identifier: Apache-2.0 */
#include "content_cases.h"

#include <stdio.h>
#include <string.h>

#include "domain/decide/decide_access.h"
#include "domain/decide/decide_amendment.h"
#include "domain/relations/content_standing.h"
#include "domain/relations/exclusion.h"

/* --- acts: service/common/content_access.c ---------------------------------------------------- */

static const char *const standings[] = {
    [STANDING_NONE] = "none",   [STANDING_PROTECTOR] = "protector", [STANDING_EDITOR] = "editor",
    [STANDING_OWNER] = "owner", [STANDING_ADMIN] = "admin",
};

static enum content_act act_of(const char *text)
{
    static const char *const acts[] = {"track", "revoke", "restore", "amend"};
    size_t i = 0;
    while (strcmp(acts[i], text) != 0) {
        CH_ASSERT(++i < 4);
    }
    return (enum content_act)i;
}

void content_answer_act(const json_t *from)
{
    struct platform_view platform;
    struct tenant_view tenant;
    struct policy policy;
    struct subject subject;
    struct access_decision decision;
    case_platform(case_member(from, "rules"), &platform);
    case_tenant(case_member(from, "tenant"), &tenant);
    case_policy(case_member(from, "policy"), &policy);
    case_subject(case_member(from, "subject"), &subject);
    enum content_act act = act_of(case_text(from, "act"));
    struct content_parties parties = {
        .tenant = tenant.id, .owner = policy.owner, .issuer = policy.issuer};
    enum content_standing standing = content_standing_of(&parties, &subject);
    if (content_standing_allows(standing, act)) {
        bool is_out = subject_has_user(&subject) && exclusion_applies(&tenant, &subject);
        printf("%s%s\n", is_out ? "EXCLUDED" : "OK ", is_out ? "" : standings[standing]);
        return;
    }
    decide_access(
        &(struct access_question){
            .platform = &platform,
            .tenant = &tenant,
            .policy = &policy,
            .content = {{{(uint8_t)case_number(from, "content")}}},
            .subject = &subject,
            .home = case_home(case_member(from, "subject")),
            .facts = {.is_revoked = case_flag(from, "revoked"),
                      .user_is_revoked = case_user_is_revoked(from, &subject, tenant.id),
                      .amendment = case_amendment(case_member(from, "changes"))},
            .now = {case_number(from, "now")},
            .by_grants_only = true},
        &decision);
    standing = content_standing_by(&decision.rights);
    if (decision.reason != R_NONE) {
        puts(reason_info(decision.reason)->public_name);
    } else if (content_standing_allows(standing, act)) {
        printf("OK %s\n", standings[standing]);
    } else {
        puts("RIGHT_MISSING");
    }
}

/* --- amendments: service/publishing/amend_within.c -------------------------------------------- */

static bool is_within(const json_t *from, const struct amendment_question *question,
                      const struct principal *principal)
{
    size_t count = 0;
    const char *const *addresses = NULL;
    if (principal->kind == PRINCIPAL_USER) {
        addresses = case_texts(case_member(from, "people"), principal->name, &count);
        addresses = count > 0 ? addresses : &principal->name;
        count = count > 0 ? count : 1;
    }
    return decide_amendment_name(question, principal, addresses, count);
}

void content_answer_amend(const json_t *from)
{
    struct tenant_view tenant;
    struct policy policy;
    struct rights own;
    struct err err = {0};
    char digits[4 * CASE_LIST_MAX];
    size_t len = 0;
    case_tenant(case_member(from, "tenant"), &tenant);
    case_policy(case_member(from, "policy"), &policy);
    CH_ASSERT(rights_parse(case_arena, slice_str(case_text(from, "own")), &own, &err).ok);
    rights_close(&own);
    struct effective_policy before = {
        .tenant = tenant.id,
        .policy = &policy,
        .template = policy.kind == POLICY_TEMPLATE
                        ? tenant_find_template(&tenant, policy.template_id)
                        : NULL,
        .amendment = case_amendment(case_member(from, "changes")),
    };
    struct effective_policy after = before;
    after.amendment = case_amendment(case_member(from, "changes_then"));
    const struct amendment_question question = {.before = &before, .after = &after, .own = &own};
    const struct amendment *change = case_amendment(case_member(from, "only_change"));
    for (size_t i = 0; i < change->grant_count; i++) {
        digits[len++] = is_within(from, &question, &change->grants[i].principal) ? '1' : '0';
    }
    for (size_t i = 0; i < change->recipient_count; i++) {
        struct principal who = {PRINCIPAL_USER, change->recipients[i]};
        digits[len++] = is_within(from, &question, &who) ? '1' : '0';
    }
    for (size_t i = 0; i < change->removed_count; i++) {
        digits[len++] = is_within(from, &question, &change->removed[i]) ? '1' : '0';
    }
    digits[len++] = decide_amendment_expiry(&question) ? '1' : '0';
    digits[len] = '\0';
    printf("%s %s\n", strchr(digits, '0') == NULL ? "WITHIN" : "BEYOND", digits);
}

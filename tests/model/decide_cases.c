/* SPDX-License-Identifier: Apache-2.0 */
/* Decides cases for the reference model: a JSON object per line in, one line out with
 * "REASON channel power rights license_expires may_cache content_expires policy_version". */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/decide_access.h"

enum { LIST_MAX = 32 };

static struct arena *arena;

static const char *text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value == NULL ? "" : value;
}

static int64_t number(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

static size_t texts(const json_t *object, const char *name, const char **out)
{
    const json_t *list = json_object_get(object, name);
    for (size_t i = 0; i < json_array_size(list); i++) {
        out[i] = json_string_value(json_array_get(list, i));
    }
    return json_array_size(list);
}

static const struct grant *grants(const json_t *object, size_t *count)
{
    const json_t *list = json_object_get(object, "grants");
    struct grant *out = ARENA_ARRAY(arena, struct grant, LIST_MAX);
    struct err err = {0};
    *count = json_array_size(list);
    for (size_t i = 0; i < *count; i++) {
        const json_t *pair = json_array_get(list, i);
        const char *principal = json_string_value(json_array_get(pair, 0));
        const char *rights = json_string_value(json_array_get(pair, 1));
        CH_ASSERT(principal_parse(arena, slice_str(principal), &out[i].principal, &err).ok);
        CH_ASSERT(rights_parse(arena, slice_str(rights), &out[i].rights, &err).ok);
    }
    return out;
}

static void read_template(const json_t *from, struct template_policy *out)
{
    out->id.u.b[0] = (uint8_t)number(from, "id");
    out->version = number(from, "version");
    out->is_archived = json_is_true(json_object_get(from, "archived"));
    out->is_valid = true;
    out->grants = grants(from, &out->grant_count);
    out->expires_at.s = number(from, "expires_at");
    out->expires_after_days = number(from, "expires_after_days");
    out->offline_days = (int)number(from, "offline_days");
    out->referral_contact = "";
}

static void read_tenant(const json_t *from, struct tenant_view *out)
{
    const json_t *excluded = json_object_get(from, "exclusions");
    struct exclusion *exclusions = ARENA_ARRAY(arena, struct exclusion, LIST_MAX);
    struct template_policy *templates = ARENA_ARRAY(arena, struct template_policy, LIST_MAX);
    out->id.u.b[0] = (uint8_t)number(from, "id");
    out->name = text(from, "name");
    out->boundary = text(from, "boundary");
    out->state = (enum tenant_state)number(from, "state");
    out->license_cap_days = number(from, "cap");
    out->exclusion_count = json_array_size(excluded);
    for (size_t i = 0; i < out->exclusion_count; i++) {
        const json_t *pair = json_array_get(excluded, i);
        exclusions[i].kind = (enum exclusion_kind)json_integer_value(json_array_get(pair, 0));
        exclusions[i].value = json_string_value(json_array_get(pair, 1));
    }
    out->exclusions = exclusions;
    if (json_is_object(json_object_get(from, "template"))) {
        read_template(json_object_get(from, "template"), &templates[0]);
        out->template_count = 1;
    }
    out->templates = templates;
}

static void read_policy(const json_t *from, struct policy *out)
{
    const char **recipients = ARENA_ARRAY(arena, const char *, LIST_MAX);
    out->kind = (enum policy_kind)number(from, "kind");
    out->template_id.u.b[0] = (uint8_t)number(from, "template");
    out->grants = grants(from, &out->grant_count);
    out->owner = text(from, "owner");
    out->issuer = text(from, "issuer");
    out->recipient_count =
        policy_sort_recipients(recipients, texts(from, "recipients", recipients));
    out->recipients = recipients;
    out->protected_at.s = number(from, "protected_at");
    out->expires_at.s = number(from, "expires_at");
    out->offline_days = (int)number(from, "offline_days");
    out->referral_contact = "";
}

static void read_subject(const json_t *from, struct subject *out)
{
    const json_t *component = json_object_get(from, "component");
    out->user.address_count = texts(from, "addresses", out->user.addresses);
    const char **groups = ARENA_ARRAY(arena, const char *, LIST_MAX);
    size_t group_count = texts(from, "groups", groups);
    out->user.group_count = policy_sort_recipients(groups, group_count);
    out->user.groups = groups;
    out->user.tenant.u.b[0] = (uint8_t)number(from, "tenant");
    out->user.tenant_name = text(from, "tenant_name");
    out->user.boundary = text(from, "boundary");
    out->user.is_guest = json_is_true(json_object_get(from, "guest"));
    out->application = text(from, "application");
    out->platform = text(from, "platform");
    out->component.name = out->component.boundary = "";
    if (json_is_object(component)) {
        out->component.id.u.b[0] = (uint8_t)number(component, "id");
        out->component.name = "component";
        out->component.role = (enum role)number(component, "role");
        out->component.tenant.u.b[0] = (uint8_t)number(component, "tenant");
        out->component.boundary = text(component, "boundary");
    }
}

static void decide(const json_t *from)
{
    struct platform_view platform = {0};
    struct boundary_rule rules[LIST_MAX];
    struct tenant_view tenant = {0};
    struct policy policy;
    struct subject subject = {0};
    struct access_decision decision;
    char rights[RIGHTS_TEXT_MAX + 1];
    const json_t *list = json_object_get(from, "rules");
    memset(&policy, 0, sizeof policy);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *rule = json_array_get(list, i);
        rules[i].content = json_string_value(json_array_get(rule, 0));
        rules[i].reader = json_string_value(json_array_get(rule, 1));
        rules[i].delivery = (enum delivery)json_integer_value(json_array_get(rule, 2));
    }
    platform.rules = rules;
    platform.rule_count = json_array_size(list);
    read_tenant(json_object_get(from, "tenant"), &tenant);
    read_policy(json_object_get(from, "policy"), &policy);
    read_subject(json_object_get(from, "subject"), &subject);
    struct access_question question = {&platform, &tenant, &policy,
                                       &subject,  {0},     {number(from, "now")}};
    question.facts.is_revoked = json_is_true(json_object_get(from, "revoked"));
    question.facts.user_is_revoked = json_is_true(json_object_get(from, "user_revoked"));
    decide_access(&question, &decision);
    if (decision.reason != R_NONE) {
        printf("%s\n", reason_info(decision.reason)->public_name);
        return;
    }
    rights_format(&decision.rights, rights);
    printf("OK %s %s %s %lld %d %lld %lld\n", channel_name(decision.channel),
           decision.power == POWER_NONE ? "-" : power_name(decision.power), rights,
           (long long)decision.license_expires_at.s, decision.may_cache,
           (long long)decision.content_expires_at.s, (long long)decision.policy_version);
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    arena = arena_new(1 << 20);
    while (getline(&line, &cap, stdin) > 0) {
        json_error_t error;
        json_t *root = json_loads(line, 0, &error);
        CH_ASSERT(root != NULL);
        decide(root);
        json_decref(root);
        arena_reset(arena);
    }
    free(line);
    arena_free(arena);
    return 0;
}

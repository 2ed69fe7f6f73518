/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <stdlib.h>
#include <string.h>

#include "domain/relations/denial.h"
#include "domain/relations/membership.h"

struct arena *case_arena;

const json_t *case_member(const json_t *object, const char *name)
{
    return json_object_get(object, name);
}

const char *case_text(const json_t *object, const char *name)
{
    const char *value = json_string_value(case_member(object, name));
    return value == NULL ? "" : value;
}

int64_t case_number(const json_t *object, const char *name)
{
    return json_integer_value(case_member(object, name));
}

bool case_flag(const json_t *object, const char *name)
{
    return json_is_true(case_member(object, name));
}

static size_t length(const json_t *list)
{
    CH_ASSERT(json_array_size(list) <= CASE_LIST_MAX);
    return json_array_size(list);
}

static const char *text_at(const json_t *list, size_t index)
{
    const char *text = json_string_value(json_array_get(list, index));
    CH_ASSERT(text != NULL);
    return text;
}

const char *const *case_texts(const json_t *object, const char *name, size_t *count)
{
    const json_t *list = case_member(object, name);
    const char **out = ARENA_ARRAY(case_arena, const char *, CASE_LIST_MAX);
    *count = length(list);
    for (size_t i = 0; i < *count; i++) {
        out[i] = text_at(list, i);
    }
    return out;
}

/* --- principals and grants: what can't be read is kept as store/cache/view_rows.c keeps it ---- */

static bool read_principal(const char *text, struct principal *out)
{
    if (principal_parse(case_arena, slice_str(text), out, NULL).ok) {
        return true;
    }
    *out = (struct principal){PRINCIPAL_UNKNOWN, text};
    return false;
}

static const struct principal *principals(const json_t *list, size_t *count, bool *valid)
{
    struct principal *out = ARENA_ARRAY(case_arena, struct principal, CASE_LIST_MAX);
    *count = length(list);
    for (size_t i = 0; i < *count; i++) {
        *valid &= read_principal(text_at(list, i), &out[i]);
    }
    return out;
}

/* A list of pairs: principal, rights with commas between. */
static const struct grant *grants(const json_t *list, size_t *count, bool *valid)
{
    struct grant *out = ARENA_ARRAY(case_arena, struct grant, CASE_LIST_MAX);
    struct rights *rights = ARENA_ARRAY(case_arena, struct rights, CASE_LIST_MAX);
    *count = length(list);
    for (size_t i = 0; i < *count; i++) {
        const json_t *pair = json_array_get(list, i);
        *valid &= read_principal(text_at(pair, 0), &out[i].principal);
        out[i].rights = &rights[i];
        CH_ASSERT(rights_parse(case_arena, slice_str(text_at(pair, 1)), &rights[i], NULL).ok);
    }
    return out;
}

/* --- the tenant ------------------------------------------------------------------------------- */

void case_template(const json_t *from, struct template_policy *out)
{
    *out = (struct template_policy){.version = case_number(from, "version")};
    out->id.u.b[0] = (uint8_t)case_number(from, "id");
    out->is_archived = case_flag(from, "archived");
    out->is_valid = true;
    out->grants = grants(case_member(from, "grants"), &out->grant_count, &out->is_valid);
    out->scope = principals(case_member(from, "scope"), &out->scope_count, &out->is_valid);
    out->expires_at.s = case_number(from, "expires_at");
    out->expires_after_days = case_number(from, "expires_after_days");
    out->offline_days = (int)case_number(from, "offline_days");
    out->referral_contact = case_text(from, "referral");
}

static void read_templates(const json_t *list, struct tenant_view *out)
{
    struct template_policy *templates =
        ARENA_ARRAY(case_arena, struct template_policy, CASE_LIST_MAX);
    out->template_count = length(list);
    for (size_t i = 0; i < out->template_count; i++) {
        case_template(json_array_get(list, i), &templates[i]);
    }
    out->templates = templates;
}

static void read_exclusions(const json_t *list, struct tenant_view *out)
{
    struct exclusion *exclusions = ARENA_ARRAY(case_arena, struct exclusion, CASE_LIST_MAX);
    out->exclusion_count = length(list);
    for (size_t i = 0; i < out->exclusion_count; i++) {
        const json_t *pair = json_array_get(list, i);
        exclusions[i].kind = (enum exclusion_kind)json_integer_value(json_array_get(pair, 0));
        exclusions[i].value = text_at(pair, 1);
    }
    out->exclusions = exclusions;
}

static void read_super_users(const json_t *list, struct tenant_view *out)
{
    struct super_user *powers = ARENA_ARRAY(case_arena, struct super_user, CASE_LIST_MAX);
    out->super_user_count = length(list);
    for (size_t i = 0; i < out->super_user_count; i++) {
        const json_t *pair = json_array_get(list, i);
        struct slice text = slice_str(text_at(pair, 0));
        powers[i].expires_at.s = json_integer_value(json_array_get(pair, 1));
        powers[i].is_component = slice_starts_with(text, "component:");
        if (powers[i].is_component) {
            text = slice_cut(text, strlen("component:"), text.len);
            CH_ASSERT(uuid_parse(text, &powers[i].component.u, NULL).ok);
        } else {
            CH_ASSERT(principal_parse(case_arena, text, &powers[i].principal, NULL).ok);
        }
    }
    out->super_users = powers;
}

static void read_partners(const json_t *list, struct tenant_view *out)
{
    struct tenant_id *partners = ARENA_ARRAY(case_arena, struct tenant_id, CASE_LIST_MAX);
    out->partner_count = length(list);
    for (size_t i = 0; i < out->partner_count; i++) {
        partners[i].u.b[0] = (uint8_t)json_integer_value(json_array_get(list, i));
    }
    out->partners = partners;
}

/* [side, partner] */
static void read_denials(const json_t *list, struct tenant_view *out)
{
    struct denial *denials = ARENA_ARRAY(case_arena, struct denial, CASE_LIST_MAX);
    for (size_t i = 0; i < length(list); i++) {
        const json_t *pair = json_array_get(list, i);
        struct denial *denial = &denials[out->denial_count];
        denial->side = (enum denial_side)json_integer_value(json_array_get(pair, 0));
        if (read_principal(text_at(pair, 1), &denial->partner)) {
            out->denial_count++;
        } else {
            out->has_unread_denial = true;
        }
    }
    qsort(denials, out->denial_count, sizeof denials[0], denial_compare);
    out->denials = denials;
}

/* [name, days, whether only work accounts may sign in], sorted by name */
static void read_brandings(const json_t *from, struct tenant_view *out)
{
    struct branding_limits *limits = ARENA_ARRAY(case_arena, struct branding_limits, CASE_LIST_MAX);
    for (size_t i = 0; i < length(from); i++) {
        const json_t *branding = json_array_get(from, i);
        bool is_work = json_is_true(json_array_get(branding, 2));
        limits[i] = (struct branding_limits){text_at(branding, 0),
                                             json_integer_value(json_array_get(branding, 1)),
                                             is_work ? 1U << SIGN_IN_WORK : 0};
    }
    out->brandings = limits;
    out->branding_count = length(from);
}

void case_tenant(const json_t *from, struct tenant_view *out)
{
    bool valid = true;
    *out = (struct tenant_view){
        .name = case_text(from, "name"),
        .boundary = case_text(from, "boundary"),
        .state = (enum tenant_state)case_number(from, "state"),
        .license_cap_days = case_number(from, "cap"),
        .switches = (case_flag(from, "no_dnf") ? TENANT_DO_NOT_FORWARD_OFF : 0U) |
                    (case_flag(from, "no_encrypt") ? TENANT_ENCRYPT_ONLY_OFF : 0U) |
                    (case_flag(from, "no_social") ? TENANT_SOCIAL_OFF : 0U) |
                    (case_flag(from, "free") ? TENANT_ATTACHMENTS_FREED : 0U) |
                    (case_flag(from, "journal") ? TENANT_JOURNALS_IN_CLEAR : 0U),
        .has_passcodes_off = case_flag(from, "passcodes_off"),
        .transport_decryption = (enum transport_decryption)case_number(from, "transport"),
    };
    out->id.u.b[0] = (uint8_t)case_number(from, "id");
    out->domains = case_texts(from, "domains", &out->domain_count);
    out->onboarding = principals(case_member(from, "onboarding"), &out->onboarding_count, &valid);
    out->onboarding_problem = valid ? NULL : "a principal";
    read_templates(case_member(from, "templates"), out);
    read_exclusions(case_member(from, "exclusions"), out);
    read_super_users(case_member(from, "super_users"), out);
    read_partners(case_member(from, "partners"), out);
    read_brandings(case_member(from, "brandings"), out);
    read_denials(case_member(from, "denials"), out);
}

/* --- the rest --------------------------------------------------------------------------------- */

void case_platform(const json_t *from, struct platform_view *out)
{
    static const struct boundary boundaries[] = {
        {.name = "commercial", .portal_url = "portal.commercial"},
        {.name = "gcc", .portal_url = "portal.gcc"},
        {.name = "gcc-high", .portal_url = "portal.gcc-high"},
        {.name = "dod", .portal_url = "portal.dod"},
    };
    struct boundary_rule *rules = ARENA_ARRAY(case_arena, struct boundary_rule, CASE_LIST_MAX);
    *out = (struct platform_view){
        .boundaries = boundaries, .boundary_count = 4, .rules = rules, .rule_count = length(from)};
    for (size_t i = 0; i < out->rule_count; i++) {
        const json_t *rule = json_array_get(from, i);
        rules[i] =
            (struct boundary_rule){text_at(rule, 0), text_at(rule, 1),
                                   (enum delivery)json_integer_value(json_array_get(rule, 2))};
    }
}

void case_policy(const json_t *from, struct policy *out)
{
    bool valid = true;
    *out = (struct policy){
        .kind = (enum policy_kind)case_number(from, "kind"),
        .owner = case_text(from, "owner"),
        .issuer = case_text(from, "issuer"),
        .protected_at = {case_number(from, "protected_at")},
        .expires_at = {case_number(from, "expires_at")},
        .offline_days = (int)case_number(from, "offline_days"),
        .referral_contact = case_text(from, "referral"),
        .branding = case_text(from, "branding"),
    };
    out->template_id.u.b[0] = (uint8_t)case_number(from, "template");
    out->grants = grants(case_member(from, "grants"), &out->grant_count, &valid);
    out->recipients = case_texts(from, "recipients", &out->recipient_count);
    CH_ASSERT(valid);
}

static void read_component(const json_t *from, struct subject_component *out)
{
    *out = (struct subject_component){.name = "", .boundary = ""};
    if (!json_is_object(from)) {
        return;
    }
    out->id.u.b[0] = (uint8_t)case_number(from, "id");
    out->name = "component";
    out->role = (enum role)case_number(from, "role");
    out->tenant.u.b[0] = (uint8_t)case_number(from, "tenant");
    out->boundary = case_text(from, "boundary");
    out->sender_domains = case_texts(from, "sender_domains", &out->sender_domain_count);
}

void case_subject(const json_t *from, struct subject *out)
{
    struct subject_user *user = &out->user;
    memset(out, 0, sizeof *out);
    const char *const *addresses = case_texts(from, "addresses", &user->address_count);
    for (size_t i = 0; i < user->address_count; i++) {
        user->addresses[i] = addresses[i];
    }
    user->groups = case_texts(from, "groups", &user->group_count);
    user->tenant.u.b[0] = (uint8_t)case_number(from, "tenant");
    user->tenant_name = case_text(from, "tenant_name");
    user->boundary = case_text(from, "boundary");
    user->is_guest = case_flag(from, "guest");
    user->sign_in = user->address_count == 0    ? SIGN_IN_NONE
                    : case_flag(from, "social") ? SIGN_IN_GOOGLE
                                                : SIGN_IN_WORK;
    user->only_content.u.b[0] = (uint8_t)case_number(from, "only_content");
    user->only_portal.u.b[0] = (uint8_t)case_number(from, "only_portal");
    out->application = case_text(from, "application");
    out->platform = case_text(from, "platform");
    read_component(case_member(from, "component"), &out->component);
}

const struct tenant_view *case_home(const json_t *from)
{
    struct tenant_view *home = ARENA_NEW(case_arena, struct tenant_view);
    int64_t id = case_number(from, "tenant");
    if (id == 0 || length(case_member(from, "addresses")) == 0) {
        return NULL;
    }
    home->id.u.b[0] = (uint8_t)id;
    home->name = case_text(from, "tenant_name");
    read_denials(case_member(from, "home_denials"), home);
    return home;
}

bool case_user_is_revoked(const json_t *from, const struct subject *subject,
                          struct tenant_id tenant)
{
    return case_flag(from, "user_revoked") ||
           (case_flag(from, "outside_revoked") && membership_is_outside(subject, tenant));
}

static void read_change(const json_t *from, struct amendment *out)
{
    const json_t *expires_at = case_member(from, "expires_at");
    bool valid = case_flag(from, "valid");
    *out = (struct amendment){.changes_expiry = json_is_integer(expires_at),
                              .expires_at = {json_integer_value(expires_at)}};
    out->grants = grants(case_member(from, "grants"), &out->grant_count, &valid);
    out->removed = principals(case_member(from, "removed"), &out->removed_count, &valid);
    out->recipients = case_texts(from, "recipients", &out->recipient_count);
    out->is_valid = valid;
}

const struct amendment *case_amendment(const json_t *changes)
{
    const struct amendment *sum = NULL;
    struct err err = {0};
    for (size_t i = 0; i < length(changes); i++) {
        struct amendment change;
        struct amendment *next = ARENA_NEW(case_arena, struct amendment);
        read_change(json_array_get(changes, i), &change);
        CH_ASSERT(amendment_merge(case_arena, sum, &change, next, &err).ok);
        sum = next;
    }
    return sum;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/view_rows.h"

#include <string.h>

#include "obs/log.h"

/* Read principals. One that can't be understood means nobody; the first such becomes the problem. */
static rc read_principals(struct arena *arena, const PGresult *r, int row, int column,
                          const struct principal **out, size_t *count_out, const char **problem,
                          struct err *err)
{
    const char *const *texts;
    TRY(pg_texts(arena, r, row, column, &texts, count_out, err));
    struct principal *principals = ARENA_ARRAY(arena, struct principal, *count_out + 1);
    ARENA_ENSURE(principals, err);
    for (size_t i = 0; i < *count_out; i++) {
        struct err why = {0};
        if (!principal_parse(arena, slice_str(texts[i]), &principals[i], &why).ok) {
            ENSURE(why.reason == R_FIELD_INVALID, err, R_ARENA_EXHAUSTED);
            principals[i] = (struct principal){PRINCIPAL_UNKNOWN, texts[i]};
            *problem = *problem == NULL ? texts[i] : *problem;
        }
    }
    *out = principals;
    return OK;
}

rc view_read_tenant(struct tenant_record *record, const PGresult *r, struct err *err)
{
    struct tenant_view *view = &record->view;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(pg_text(record->arena, r, 0, 0, &view->name, err));
    TRY(pg_text(record->arena, r, 0, 1, &view->boundary, err));
    view->state = (enum tenant_state)pg_int(r, 0, 2);
    view->license_cap_days = pg_int(r, 0, 3);
    view->has_directory = pg_bool(r, 0, 5);
    view->needs_bound_users = pg_bool(r, 0, 6);
    view->needs_bound_components = pg_bool(r, 0, 7);
    view->approvals = (uint32_t)pg_int(r, 0, 8);
    TRY(read_principals(record->arena, r, 0, 4, &view->onboarding, &view->onboarding_count,
                        &view->onboarding_problem, err));
    if (view->onboarding_problem != NULL) {
        log_event(LOG_ERROR, "view.onboarding_invalid", F_STR("tenant", view->name),
                  F_USER("text", view->onboarding_problem));
    }
    return OK;
}

rc view_read_domains(struct tenant_record *record, const PGresult *r, struct err *err)
{
    size_t count = (size_t)PQntuples(r);
    const char **domains = ARENA_ARRAY(record->arena, const char *, count + 1);
    ARENA_ENSURE(domains, err);
    for (size_t i = 0; i < count; i++) {
        TRY(pg_text(record->arena, r, (int)i, 0, &domains[i], err));
    }
    record->view.domains = domains;
    record->view.domain_count = count;
    return OK;
}

/* Principals and rights lie in parallel arrays. */
static rc read_grants(struct arena *arena, const PGresult *r, int row, struct template_policy *out,
                      struct err *err)
{
    const struct principal *principals = NULL;
    const char *const *rights = NULL;
    size_t rights_count = 0;
    TRY(read_principals(arena, r, row, 8, &principals, &out->grant_count, &out->problem, err));
    TRY(pg_texts(arena, r, row, 9, &rights, &rights_count, err));
    struct grant *grants = ARENA_ARRAY(arena, struct grant, out->grant_count + 1);
    struct rights *own = ARENA_ARRAY(arena, struct rights, out->grant_count + 1);
    ARENA_ENSURE(grants, err);
    ARENA_ENSURE(own, err);
    ENSURE(rights_count == out->grant_count, err, R_DATABASE_ERROR);
    CH_ASSERT(principals != NULL && rights != NULL);
    for (size_t i = 0; i < out->grant_count; i++) {
        struct err why = {0};
        grants[i] = (struct grant){principals[i], &own[i]};
        if (!rights_parse(arena, slice_str(rights[i]), &own[i], &why).ok) {
            ENSURE(why.reason == R_POLICY_INVALID, err, R_ARENA_EXHAUSTED);
            out->problem = out->problem == NULL ? rights[i] : out->problem;
        }
    }
    out->grants = grants;
    return OK;
}

static rc read_template(struct arena *arena, const PGresult *r, int row,
                        struct template_policy *out, struct err *err)
{
    out->id.u = pg_uuid(r, row, 0);
    out->version = pg_int(r, row, 1);
    out->is_archived = pg_bool(r, row, 2);
    TRY(read_principals(arena, r, row, 3, &out->scope, &out->scope_count, &out->problem, err));
    out->expires_at.s = pg_time(r, row, 4) / 1000000;
    out->expires_after_days = pg_int(r, row, 5);
    out->offline_days = (int)pg_int(r, row, 6);
    TRY(pg_text(arena, r, row, 7, &out->referral_contact, err));
    TRY(read_grants(arena, r, row, out, err));
    out->is_valid = out->problem == NULL;
    return OK;
}

rc view_read_templates(struct tenant_record *record, const PGresult *r, struct err *err)
{
    size_t count = (size_t)PQntuples(r);
    struct template_policy *templates =
        ARENA_ARRAY(record->arena, struct template_policy, count + 1);
    ARENA_ENSURE(templates, err);
    for (size_t i = 0; i < count; i++) {
        TRY(read_template(record->arena, r, (int)i, &templates[i], err));
        if (!templates[i].is_valid) {
            log_event(LOG_ERROR, "view.template_invalid", F_STR("tenant", record->view.name),
                      F_ID("template", templates[i].id), F_USER("text", templates[i].problem));
        }
    }
    record->view.templates = templates;
    record->view.template_count = count;
    return OK;
}

rc view_read_exclusions(struct tenant_record *record, const PGresult *r, struct err *err)
{
    size_t count = (size_t)PQntuples(r);
    struct exclusion *exclusions = ARENA_ARRAY(record->arena, struct exclusion, count + 1);
    ARENA_ENSURE(exclusions, err);
    for (size_t i = 0; i < count; i++) {
        exclusions[i].kind = (enum exclusion_kind)pg_int(r, (int)i, 0);
        TRY(pg_text(record->arena, r, (int)i, 1, &exclusions[i].value, err));
    }
    record->view.exclusions = exclusions;
    record->view.exclusion_count = count;
    return OK;
}

#define COMPONENT_PREFIX "component:"

/* One that can't be read has no power. */
static bool read_super_user(struct arena *arena, const char *text, struct super_user *out)
{
    static const size_t prefix = sizeof COMPONENT_PREFIX - 1;
    struct slice all = slice_str(text);
    out->is_component = slice_starts_with(all, COMPONENT_PREFIX);
    if (out->is_component) {
        return uuid_parse(slice_cut(all, prefix, all.len), &out->component.u, NULL).ok;
    }
    return principal_parse(arena, all, &out->principal, NULL).ok &&
           (out->principal.kind == PRINCIPAL_USER || out->principal.kind == PRINCIPAL_GROUP);
}

rc view_read_super_users(struct tenant_record *record, const PGresult *r, struct err *err)
{
    size_t count = (size_t)PQntuples(r);
    struct super_user *powers = ARENA_ARRAY(record->arena, struct super_user, count + 1);
    ARENA_ENSURE(powers, err);
    for (size_t i = 0; i < count; i++) {
        struct super_user *power = &powers[record->view.super_user_count];
        const char *text = NULL;
        TRY(pg_text(record->arena, r, (int)i, 0, &text, err));
        power->expires_at.s = pg_time(r, (int)i, 1) / 1000000;
        if (read_super_user(record->arena, text, power)) {
            record->view.super_user_count++;
        } else {
            log_event(LOG_ERROR, "view.super_user_invalid", F_STR("tenant", record->view.name));
        }
    }
    record->view.super_users = powers;
    return OK;
}

rc view_read_partners(struct tenant_record *record, const PGresult *r, struct err *err)
{
    size_t count = (size_t)PQntuples(r);
    struct tenant_id *partners = ARENA_ARRAY(record->arena, struct tenant_id, count + 1);
    ARENA_ENSURE(partners, err);
    for (size_t i = 0; i < count; i++) {
        partners[i].u = pg_uuid(r, (int)i, 0);
    }
    record->view.partners = partners;
    record->view.partner_count = count;
    return OK;
}

rc view_read_keys(struct tenant_record *record, const PGresult *r, struct err *err)
{
    size_t count = (size_t)PQntuples(r);
    struct key_row *keys = ARENA_ARRAY(record->arena, struct key_row, count + 1);
    ARENA_ENSURE(keys, err);
    for (size_t i = 0; i < count; i++) {
        int row = (int)i;
        keys[i].purpose = (enum key_purpose)pg_int(r, row, 0);
        keys[i].version = (uint32_t)pg_int(r, row, 1);
        keys[i].state = (enum key_state)pg_int(r, row, 2);
        keys[i].root_version = (uint32_t)pg_int(r, row, 3);
        TRY(pg_bytes(record->arena, r, row, 4, &keys[i].wrapped, err));
        TRY(pg_text(record->arena, r, row, 5, &keys[i].public_jwk, err));
    }
    record->keys = keys;
    record->key_count = count;
    return OK;
}

rc view_read_boundaries(const struct views *views, struct platform_record *record,
                        const PGresult *r, struct err *err)
{
    size_t count = (size_t)PQntuples(r);
    struct boundary *boundaries = ARENA_ARRAY(record->arena, struct boundary, count + 1);
    ARENA_ENSURE(boundaries, err);
    for (size_t i = 0; i < count; i++) {
        int row = (int)i;
        TRY(pg_text(record->arena, r, row, 0, &boundaries[i].name, err));
        boundaries[i].suite = (enum suite)pg_int(r, row, 1);
        boundaries[i].needs_fips = pg_bool(r, row, 2);
        TRY(pg_text(record->arena, r, row, 3, &boundaries[i].authority_url, err));
        TRY(pg_text(record->arena, r, row, 4, &boundaries[i].portal_url, err));
        boundaries[i].is_served = views_serves(views, boundaries[i].name);
    }
    record->view.boundaries = boundaries;
    record->view.boundary_count = count;
    return OK;
}

rc view_read_rules(struct platform_record *record, const PGresult *r, struct err *err)
{
    size_t count = (size_t)PQntuples(r);
    struct boundary_rule *rules = ARENA_ARRAY(record->arena, struct boundary_rule, count + 1);
    ARENA_ENSURE(rules, err);
    for (size_t i = 0; i < count; i++) {
        TRY(pg_text(record->arena, r, (int)i, 0, &rules[i].content, err));
        TRY(pg_text(record->arena, r, (int)i, 1, &rules[i].reader, err));
        rules[i].delivery = (enum delivery)pg_int(r, (int)i, 2);
    }
    record->view.rules = rules;
    record->view.rule_count = count;
    return OK;
}

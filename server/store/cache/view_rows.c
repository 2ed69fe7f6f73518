/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/view_rows.h"

#include <string.h>

#include "obs/log.h"
#include "store/sql/statements.gen.h"

/* Room for what the rows of a result become, at least one element. */
#define ROWS_OF(arena, type, r) ARENA_ARRAY((arena), type, (size_t)PQntuples(r) + 1)

rc view_read_epoch(struct arena *arena, const PGresult *r, int64_t *out, struct err *err)
{
    struct sql_view_epoch_row row;
    TRY(sql_view_epoch_read(arena, r, 0, &row, err));
    *out = row.epoch;
    return OK;
}

rc view_read_tenant(struct tenant_record *record, const PGresult *r, struct err *err)
{
    struct tenant_view *view = &record->view;
    struct sql_view_tenant_row row;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_view_tenant_read(record->arena, r, 0, &row, err));
    view->name = row.name;
    view->boundary = row.boundary;
    view->state = (enum tenant_state)row.state;
    view->license_cap_days = row.license_cap_days;
    view->has_directory = row.has_directory;
    view->needs_bound_users = row.needs_bound_users;
    view->needs_bound_components = row.needs_bound_components;
    view->approvals = (uint32_t)row.approvals;
    view->onboarding_count = row.onboarding.count;
    TRY(view_read_principals(record->arena, row.onboarding, &view->onboarding,
                             &view->onboarding_problem, err));
    if (view->onboarding_problem != NULL) {
        log_event(LOG_ERROR, "view.onboarding_invalid", F_STR("tenant", view->name),
                  F_USER("text", view->onboarding_problem));
    }
    return OK;
}

rc view_read_domains(struct tenant_record *record, const PGresult *r, struct err *err)
{
    const char **domains = ROWS_OF(record->arena, const char *, r);
    ARENA_ENSURE(domains, err);
    for (int i = 0; i < PQntuples(r); i++) {
        struct sql_view_domains_row row;
        TRY(sql_view_domains_read(record->arena, r, i, &row, err));
        domains[i] = row.domain;
    }
    record->view.domains = domains;
    record->view.domain_count = (size_t)PQntuples(r);
    return OK;
}

rc view_read_exclusions(struct tenant_record *record, const PGresult *r, struct err *err)
{
    struct exclusion *exclusions = ROWS_OF(record->arena, struct exclusion, r);
    ARENA_ENSURE(exclusions, err);
    for (int i = 0; i < PQntuples(r); i++) {
        struct sql_view_exclusions_row row;
        TRY(sql_view_exclusions_read(record->arena, r, i, &row, err));
        exclusions[i] = (struct exclusion){(enum exclusion_kind)row.kind, row.value};
    }
    record->view.exclusions = exclusions;
    record->view.exclusion_count = (size_t)PQntuples(r);
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
    struct super_user *powers = ROWS_OF(record->arena, struct super_user, r);
    ARENA_ENSURE(powers, err);
    for (int i = 0; i < PQntuples(r); i++) {
        struct super_user *power = &powers[record->view.super_user_count];
        struct sql_view_super_users_row row;
        TRY(sql_view_super_users_read(record->arena, r, i, &row, err));
        power->expires_at.s = row.expires_at / 1000000;
        if (read_super_user(record->arena, row.principal, power)) {
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
    struct tenant_id *partners = ROWS_OF(record->arena, struct tenant_id, r);
    ARENA_ENSURE(partners, err);
    for (int i = 0; i < PQntuples(r); i++) {
        struct sql_view_partners_row row;
        TRY(sql_view_partners_read(record->arena, r, i, &row, err));
        partners[i] = row.reader_tenant;
    }
    record->view.partners = partners;
    record->view.partner_count = (size_t)PQntuples(r);
    return OK;
}

rc view_read_keys(struct tenant_record *record, const PGresult *r, struct err *err)
{
    struct key_row *keys = ROWS_OF(record->arena, struct key_row, r);
    ARENA_ENSURE(keys, err);
    for (int i = 0; i < PQntuples(r); i++) {
        struct sql_view_keys_row row;
        TRY(sql_view_keys_read(record->arena, r, i, &row, err));
        keys[i] = (struct key_row){.purpose = (enum key_purpose)row.purpose,
                                   .version = (uint32_t)row.version,
                                   .state = (enum key_state)row.state,
                                   .root_version = (uint32_t)row.root_version,
                                   .wrapped = row.wrapped,
                                   .public_jwk = row.public_jwk};
    }
    record->keys = keys;
    record->key_count = (size_t)PQntuples(r);
    return OK;
}

rc view_read_boundaries(const struct views *views, struct platform_record *record,
                        const PGresult *r, struct err *err)
{
    struct boundary *boundaries = ROWS_OF(record->arena, struct boundary, r);
    ARENA_ENSURE(boundaries, err);
    for (int i = 0; i < PQntuples(r); i++) {
        struct sql_view_boundaries_row row;
        TRY(sql_view_boundaries_read(record->arena, r, i, &row, err));
        boundaries[i] = (struct boundary){.name = row.name,
                                          .suite = (enum suite)row.suite,
                                          .needs_fips = row.fips,
                                          .authority_url = row.authority_url,
                                          .portal_url = row.portal_url,
                                          .is_served = views_serves(views, row.name)};
    }
    record->view.boundaries = boundaries;
    record->view.boundary_count = (size_t)PQntuples(r);
    return OK;
}

rc view_read_rules(struct platform_record *record, const PGresult *r, struct err *err)
{
    struct boundary_rule *rules = ROWS_OF(record->arena, struct boundary_rule, r);
    ARENA_ENSURE(rules, err);
    for (int i = 0; i < PQntuples(r); i++) {
        struct sql_view_rules_row row;
        TRY(sql_view_rules_read(record->arena, r, i, &row, err));
        rules[i] = (struct boundary_rule){.content = row.content_boundary,
                                          .reader = row.reader_boundary,
                                          .delivery = (enum delivery)row.rule};
    }
    record->view.rules = rules;
    record->view.rule_count = (size_t)PQntuples(r);
    return OK;
}

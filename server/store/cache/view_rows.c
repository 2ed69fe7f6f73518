/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache/view_rows.h"

#include <stdlib.h>

#include "domain/relations/denial.h"
#include "obs/log.h"
#include "store/cache/limit_rows.h"
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

/* What can't be read might have hidden anybody. */
static rc read_do_not_track(struct tenant_record *record, struct pg_texts groups, struct err *err)
{
    struct tenant_view *view = &record->view;
    const char *problem = NULL;
    view->do_not_track_count = groups.count;
    TRY(view_read_principals(record->arena, groups, &view->do_not_track, &problem, err));
    view->has_unread_do_not_track = problem != NULL;
    if (problem != NULL) {
        log_event(LOG_ERROR, "view.do_not_track_invalid", F_STR("tenant", view->name),
                  F_USER("text", problem));
    }
    return OK;
}

static rc read_tenant(struct tenant_record *record, const PGresult *r, struct err *err)
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
    view->has_signals = row.has_signals;
    view->needs_bound_users = row.needs_bound_users;
    view->needs_bound_components = row.needs_bound_components;
    view->approvals = (uint32_t)row.approvals;
    view->switches = (uint32_t)row.switches;
    view->has_passcodes_off = row.passcodes_off;
    view->transport_decryption = (enum transport_decryption)row.transport_decryption;
    view->limits = limits_from_row(&row.limits);
    TRY(read_do_not_track(record, row.do_not_track, err));
    view->onboarding_count = row.onboarding.count;
    TRY(view_read_principals(record->arena, row.onboarding, &view->onboarding,
                             &view->onboarding_problem, err));
    if (view->onboarding_problem != NULL) {
        log_event(LOG_ERROR, "view.onboarding_invalid", F_STR("tenant", view->name),
                  F_USER("text", view->onboarding_problem));
    }
    return OK;
}

static rc read_domains(struct tenant_record *record, const PGresult *r, struct err *err)
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

static rc read_exclusions(struct tenant_record *record, const PGresult *r, struct err *err)
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

static rc read_super_users(struct tenant_record *record, const PGresult *r, struct err *err)
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

static rc read_partners(struct tenant_record *record, const PGresult *r, struct err *err)
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

/* Every one stands for somebody whom it keeps away, so that one which can't be read means
 * everybody. */
static rc read_denials(struct tenant_record *record, const PGresult *r, struct err *err)
{
    struct tenant_view *view = &record->view;
    struct denial *denials = ROWS_OF(record->arena, struct denial, r);
    ARENA_ENSURE(denials, err);
    for (int i = 0; i < PQntuples(r); i++) {
        struct sql_view_denials_row row;
        TRY(sql_view_denials_read(record->arena, r, i, &row, err));
        struct principal partner = principal_view(row.partner);
        if (partner.kind == PRINCIPAL_TENANT || partner.kind == PRINCIPAL_DOMAIN) {
            denials[view->denial_count++] = (struct denial){(enum denial_side)row.side, partner};
        } else {
            view->has_unread_denial = true;
            log_event(LOG_ERROR, "view.denial_invalid", F_STR("tenant", view->name));
        }
    }
    qsort(denials, view->denial_count, sizeof denials[0], denial_compare);
    view->denials = denials;
    return OK;
}

static rc read_brandings(struct tenant_record *record, const PGresult *r, struct err *err)
{
    struct branding_limits *limits = ROWS_OF(record->arena, struct branding_limits, r);
    ARENA_ENSURE(limits, err);
    for (int i = 0; i < PQntuples(r); i++) {
        struct sql_view_brandings_row row;
        TRY(sql_view_brandings_read(record->arena, r, i, &row, err));
        limits[i] = (struct branding_limits){.name = row.branding,
                                             .expiry_days = row.external_expiry_days,
                                             .sign_ins = (uint32_t)row.sign_ins};
    }
    record->view.brandings = limits;
    record->view.branding_count = (size_t)PQntuples(r);
    return OK;
}

static rc read_keys(struct tenant_record *record, const PGresult *r, struct err *err)
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

static rc (*const TENANT_READERS[TENANT_PARTS])(struct tenant_record *record, const PGresult *r,
                                                struct err *err) = {
    [TENANT_ITSELF] = read_tenant,         [TENANT_DOMAINS] = read_domains,
    [TENANT_EXCLUSIONS] = read_exclusions, [TENANT_SUPER_USERS] = read_super_users,
    [TENANT_PARTNERS] = read_partners,     [TENANT_DENIALS] = read_denials,
    [TENANT_BRANDINGS] = read_brandings,   [TENANT_KEYS] = read_keys,
};

rc view_read_part(struct tenant_record *record, size_t part, const PGresult *r, struct err *err)
{
    ENSURE(part < TENANT_PARTS && TENANT_READERS[part] != NULL, err, R_INTERNAL);
    return TENANT_READERS[part](record, r, err);
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

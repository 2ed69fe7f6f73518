/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/tenant_store.h"

#include "store/cache/limit_rows.h"
#include "store/resource/change_submit.h"

static struct pg_params bind_keys(struct arena *arena, struct tenant_id tenant,
                                  const struct new_key *keys, size_t count)
{
    struct sql_new_key *rows = ARENA_ARRAY(arena, struct sql_new_key, count + 1);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        rows[i] = (struct sql_new_key){.purpose = keys[i].purpose,
                                       .root_version = keys[i].root_version,
                                       .wrapped = keys[i].wrapped,
                                       .public_jwk = keys[i].public_jwk};
    }
    return sql_create_keys(arena,
                           &(struct sql_create_keys){.tenant = tenant, .keys = {rows, count}});
}

/* No row: the boundary has another suite by now. */
static rc read_created(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    struct sql_create_tenant_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_CONFLICT);
    TRY(sql_create_tenant_read(base->arena, r, 0, &row, err));
    op->created_at = row.created_at;
    return OK;
}

void tenant_store_create(struct change_op *op, const struct tenant_row *tenant, enum suite suite,
                         const struct new_key *keys, size_t key_count)
{
    struct arena *arena = op->op.arena;
    struct pg_params made = sql_create_tenant(
        arena, &(struct sql_create_tenant){
                   .act = change_begin(op, "create_tenant"),
                   .tenant = tenant->id,
                   .name = tenant->name,
                   .display_name = tenant->display_name,
                   .boundary = tenant->boundary,
                   .suite = (int16_t)suite,
                   .license_cap_days = (int32_t)tenant->license_cap_days,
                   .onboarding = {tenant->onboarding, tenant->onboarding_count},
                   .do_not_track = {tenant->do_not_track, tenant->do_not_track_count},
                   .approvals = (int32_t)tenant->approvals,
                   .needs_bound_users = tenant->needs_bound_users,
                   .needs_bound_components = tenant->needs_bound_components,
                   .switches = (int32_t)tenant->switches,
                   .transport_decryption = (int16_t)tenant->transport_decryption,
                   .passcodes_off = tenant->has_passcodes_off,
                   .key_rotation_days = (int32_t)tenant->key_rotation_days,
                   .limits = limits_to_row(&tenant->limits),
                   .mark = tenant->mark,
               });
    struct pg_params with_keys = bind_keys(arena, tenant->id, keys, key_count);
    change_submit_two(op, &made, &with_keys, read_created);
}

/* --- reading ---------------------------------------------------------------------------------- */

static struct tenant_row row_from(const struct sql_tenant *t, const struct sql_tenant_limits *l)
{
    return (struct tenant_row){
        .id = t->tenant,
        .name = t->name,
        .display_name = t->display_name,
        .boundary = t->boundary,
        .state = t->state,
        .license_cap_days = t->license_cap_days,
        .mark = t->mark,
        .created_at = t->created_at,
        .approvals = (uint32_t)t->approvals,
        .needs_bound_users = t->needs_bound_users,
        .needs_bound_components = t->needs_bound_components,
        .switches = (uint32_t)t->switches,
        .transport_decryption = (enum transport_decryption)t->transport_decryption,
        .has_passcodes_off = t->passcodes_off,
        .key_rotation_days = (uint32_t)t->key_rotation_days,
        .limits = limits_from_row(l),
    };
}

static rc read_whole(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    struct tenant_row *t = ARENA_NEW(base->arena, struct tenant_row);
    struct sql_get_tenant_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_get_tenant_read(base->arena, r, 0, &row, err));
    ARENA_ENSURE(t, err);
    *t = row_from(&row.tenant, &row.limits);
    t->onboarding = row.onboarding.items;
    t->onboarding_count = row.onboarding.count;
    t->do_not_track = row.do_not_track.items;
    t->do_not_track_count = row.do_not_track.count;
    t->domains = row.domains.items;
    t->verified = row.verified.items;
    t->proofs = row.proofs.items;
    t->domain_count = row.domains.count;
    t->quotas_used = row.quotas_used.items;
    t->quotas_end = row.quotas_end.items;
    ENSURE(row.verified.count == t->domain_count && row.proofs.count == t->domain_count, err,
           R_DATABASE_ERROR);
    ENSURE(row.quotas_used.count == QUOTAS && row.quotas_end.count == QUOTAS, err,
           R_DATABASE_ERROR);
    op->tenant = t;
    return OK;
}

void tenant_store_get(struct change_op *op, const char *name)
{
    struct pg_params p = sql_get_tenant(op->op.arena, &(struct sql_get_tenant){.name = name});
    change_submit(op, &p, read_whole);
}

static rc read_list(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    (void)index;
    op->tenant_count = (size_t)PQntuples(r);
    op->tenants = ARENA_ARRAY(base->arena, struct tenant_row, op->tenant_count + 1);
    ARENA_ENSURE(op->tenants, err);
    for (size_t i = 0; !pg_list_ends(base, i, &op->tenant_count); i++) {
        struct sql_list_tenants_row row;
        TRY(sql_list_tenants_read(base->arena, r, (int)i, &row, err));
        op->tenants[i] = row_from(&row.tenant, &row.limits);
    }
    return OK;
}

void tenant_store_list(struct change_op *op, const char *after, size_t limit)
{
    struct pg_params p = sql_list_tenants(
        op->op.arena, &(struct sql_list_tenants){.after = after, .limit = (int64_t)limit});
    change_submit(op, &p, read_list);
}

/* --- changes ---------------------------------------------------------------------------------- */

void tenant_store_update(struct change_op *op, const struct tenant_row *row)
{
    struct pg_params p = sql_update_tenant(
        op->op.arena, &(struct sql_update_tenant){
                          .act = change_begin(op, "update_tenant"),
                          .display_name = row->display_name,
                          .license_cap_days = (int32_t)row->license_cap_days,
                          .onboarding = {row->onboarding, row->onboarding_count},
                          .do_not_track = {row->do_not_track, row->do_not_track_count},
                          .state = (int16_t)row->state,
                          .mark = row->mark,
                          .new_mark = row->new_mark,
                          .approvals = (int32_t)row->approvals,
                          .needs_bound_users = row->needs_bound_users,
                          .needs_bound_components = row->needs_bound_components,
                          .switches = (int32_t)row->switches,
                          .transport_decryption = (int16_t)row->transport_decryption,
                          .passcodes_off = row->has_passcodes_off,
                          .key_rotation_days = (int32_t)row->key_rotation_days,
                          .limits = limits_to_row(&row->limits),
                      });
    change_submit(op, &p, change_read_done);
}

void tenant_store_exclude(struct change_op *op, const struct exclusion *exclusion)
{
    struct pg_params p = sql_add_exclusion(
        op->op.arena, &(struct sql_add_exclusion){.act = change_begin(op, "add_exclusion"),
                                                  .kind = exclusion->kind,
                                                  .value = exclusion->value,
                                                  .max = EXCLUSIONS_MAX});
    change_submit(op, &p, change_read_done);
}

void tenant_store_let_in(struct change_op *op, enum exclusion_kind kind, const char *const *values,
                         size_t count)
{
    struct pg_params p = sql_remove_exclusion(
        op->op.arena, &(struct sql_remove_exclusion){.act = change_begin(op, "remove_exclusion"),
                                                     .kind = kind,
                                                     .values = {values, count}});
    change_submit(op, &p, change_read_done);
}

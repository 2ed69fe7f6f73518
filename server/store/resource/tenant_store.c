/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/tenant_store.h"

#include "store/resource/change_submit.h"

static void add_keys(struct pg_params *p, const struct new_key *keys, size_t count)
{
    struct pg_array array;
    size_t bytes = 0;
    const char *jwks[8];
    CH_ASSERT(count <= 8);
    pg_array_begin(&array, p, PG_INT8, count, count * 8);
    for (size_t i = 0; i < count; i++) {
        pg_array_int8(&array, keys[i].purpose);
        bytes += keys[i].wrapped.len;
        jwks[i] = keys[i].public_jwk;
    }
    pg_array_end(&array);
    pg_array_begin(&array, p, PG_BYTEA, count, bytes);
    for (size_t i = 0; i < count; i++) {
        pg_array_bytes(&array, keys[i].wrapped.ptr, keys[i].wrapped.len);
    }
    pg_array_end(&array);
    pg_add_texts(p, jwks, count);
}

/* No row: the boundary has another suite by now. */
static rc read_created_tenant(struct store_op *base, size_t index, const PGresult *r,
                              struct err *err)
{
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_CONFLICT);
    return change_read_created(base, index, r, err);
}

void tenant_store_create(struct change_op *op, const struct tenant_row *tenant, enum suite suite,
                         const struct new_key *keys, size_t key_count)
{
    struct pg_params k, p = change_params_of(op, "create_tenant");
    pg_params_init(&k, op->op.arena);
    pg_add_text(&p, tenant->name);
    pg_add_text(&p, tenant->display_name);
    pg_add_text(&p, tenant->boundary);
    pg_add_int4(&p, (int32_t)tenant->license_cap_days);
    pg_add_texts(&p, tenant->onboarding, tenant->onboarding_count);
    pg_add_uuid(&p, tenant->id.u);
    pg_add_int4(&p, (int32_t)tenant->approvals);
    pg_add_bool(&p, tenant->needs_bound_users);
    pg_add_bool(&p, tenant->needs_bound_components);
    pg_add_int2(&p, (int)suite);
    pg_add_uuid(&k, tenant->id.u);
    add_keys(&k, keys, key_count);
    change_submit_two(op, ST_create_tenant, &p, ST_create_keys, &k, read_created_tenant);
}

static rc read_tenant(struct arena *arena, const PGresult *r, int row, struct tenant_row *t,
                      struct err *err)
{
    t->id.u = pg_uuid(r, row, 0);
    TRY(pg_text(arena, r, row, 1, &t->name, err));
    TRY(pg_text(arena, r, row, 2, &t->display_name, err));
    TRY(pg_text(arena, r, row, 3, &t->boundary, err));
    t->state = pg_int(r, row, 4);
    t->license_cap_days = pg_int(r, row, 5);
    t->version = pg_int(r, row, 6);
    t->created_at = pg_time(r, row, 7);
    t->approvals = (uint32_t)pg_int(r, row, 8);
    t->needs_bound_users = pg_bool(r, row, 9);
    t->needs_bound_components = pg_bool(r, row, 10);
    return OK;
}

static rc read_whole_tenant(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    struct tenant_row *t = ARENA_NEW(base->arena, struct tenant_row);
    size_t verified, proofs;
    TRY(change_read_done(base, index, r, err));
    ARENA_ENSURE(t, err);
    op->tenant = t;
    TRY(read_tenant(base->arena, r, 0, t, err));
    TRY(pg_texts(base->arena, r, 0, 11, &t->onboarding, &t->onboarding_count, err));
    TRY(pg_texts(base->arena, r, 0, 12, &t->domains, &t->domain_count, err));
    TRY(pg_texts(base->arena, r, 0, 13, &t->verified, &verified, err));
    TRY(pg_texts(base->arena, r, 0, 14, &t->proofs, &proofs, err));
    ENSURE(verified == t->domain_count && proofs == verified, err, R_DATABASE_ERROR);
    return OK;
}

void tenant_store_get(struct change_op *op, const char *name)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_text(&p, name);
    change_submit(op, ST_get_tenant, &p, read_whole_tenant);
}

static rc read_tenants(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    (void)index;
    op->tenant_count = (size_t)PQntuples(r);
    op->tenants = ARENA_ARRAY(base->arena, struct tenant_row, op->tenant_count + 1);
    ARENA_ENSURE(op->tenants, err);
    for (size_t i = 0; i < op->tenant_count; i++) {
        TRY(read_tenant(base->arena, r, (int)i, &op->tenants[i], err));
    }
    return OK;
}

void tenant_store_list(struct change_op *op, struct tenant_id after, size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid_or_null(&p, after.u);
    pg_add_int8(&p, (int64_t)limit);
    change_submit(op, ST_list_tenants, &p, read_tenants);
}

void tenant_store_update(struct change_op *op, const struct tenant_row *row)
{
    struct pg_params p = change_params_of(op, "update_tenant");
    pg_add_text(&p, row->display_name);
    pg_add_int4(&p, (int32_t)row->license_cap_days);
    pg_add_texts(&p, row->onboarding, row->onboarding_count);
    pg_add_int2(&p, (int)row->state);
    pg_add_int8(&p, row->version);
    pg_add_int4(&p, (int32_t)row->approvals);
    pg_add_bool(&p, row->needs_bound_users);
    pg_add_bool(&p, row->needs_bound_components);
    change_submit(op, ST_update_tenant, &p, change_read_done);
}

void tenant_store_exclude(struct change_op *op, const struct exclusion *exclusion, bool remove)
{
    struct pg_params p = change_params_of(op, remove ? "remove_exclusion" : "add_exclusion");
    pg_add_int2(&p, exclusion->kind);
    pg_add_text(&p, exclusion->value);
    change_submit(op, remove ? ST_remove_exclusion : ST_add_exclusion, &p, change_read_done);
}

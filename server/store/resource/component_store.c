/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/component_store.h"

#include "domain/relations/issuer_authority.h"
#include "store/resource/change_submit.h"

/* The fingerprints one by one. */
static struct pg_byteas split_prints(struct arena *arena, struct slice all)
{
    size_t count = all.len / FINGERPRINT_BYTES;
    struct slice *prints = ARENA_ARRAY(arena, struct slice, count + 1);
    for (size_t i = 0; prints != NULL && i < count; i++) {
        prints[i] = slice_of(all.ptr + i * FINGERPRINT_BYTES, FINGERPRINT_BYTES);
    }
    return (struct pg_byteas){prints, count};
}

void component_store_create(struct change_op *op, const struct component_record *record)
{
    const struct subject_component *c = &record->component;
    struct arena *arena = op->op.arena;
    struct pg_params component = sql_create_component(
        arena, &(struct sql_create_component){
                   .act = change_begin(op, "create_component"),
                   .component = c->id,
                   .name = c->name,
                   .role = c->role,
                   .boundary = c->boundary,
                   .sender_domains = {c->sender_domains, c->sender_domain_count},
                   .disabled = record->is_disabled,
                   .issuer = record->issuer,
                   .subject = record->subject,
                   .mark = record->mark,
                   .max = COMPONENTS_MAX,
               });
    struct pg_params certificates = sql_add_certificates(
        arena,
        &(struct sql_add_certificates){.tenant = op->scope,
                                       .component = c->id,
                                       .fingerprints = split_prints(arena, record->fingerprints)});
    change_submit_two(op, &component, &certificates, change_read_done);
}

void component_store_update(struct change_op *op, const struct component_record *record)
{
    const struct subject_component *c = &record->component;
    struct pg_params p = sql_update_component(
        op->op.arena, &(struct sql_update_component){
                          .act = change_begin(op, "update_component"),
                          .component = c->id,
                          .sender_domains = {c->sender_domains, c->sender_domain_count},
                          .fingerprints = split_prints(op->op.arena, record->fingerprints),
                          .disabled = record->is_disabled,
                          .issuer = record->issuer,
                          .subject = record->subject,
                          .mark = record->mark,
                          .new_mark = record->new_mark,
                      });
    change_submit(op, &p, change_read_done);
}

void component_store_delete(struct change_op *op, struct component_id id, int64_t mark)
{
    struct pg_params p = sql_delete_component(
        op->op.arena, &(struct sql_delete_component){.act = change_begin(op, "delete_component"),
                                                     .component = id,
                                                     .mark = mark});
    change_submit(op, &p, change_read_done);
}

/* --- reading ---------------------------------------------------------------------------------- */

static rc read_record(const struct component_op *op, const PGresult *r, int i,
                      struct component_record *out, struct err *err)
{
    struct sql_list_components_row row;
    TRY(sql_list_components_read(op->change.op.arena, r, i, &row, err));
    *out = (struct component_record){
        .component = {.tenant = op->change.scope,
                      .id = row.component,
                      .name = row.name,
                      .role = (enum role)row.role,
                      .boundary = row.boundary,
                      .sender_domains = row.sender_domains.items,
                      .sender_domain_count = row.sender_domains.count},
        .is_disabled = row.disabled,
        .mark = row.mark,
        .issuer = row.issuer,
        .subject = row.subject,
        .fingerprints = row.fingerprints,
    };
    return OK;
}

static rc read_records(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct component_op *op = LIST_ENTRY(base, struct component_op, change.op);
    (void)index;
    op->count = (size_t)PQntuples(r);
    op->records = ARENA_ARRAY(base->arena, struct component_record, op->count + 1);
    ARENA_ENSURE(op->records, err);
    for (size_t i = 0; !pg_list_ends(base, i, &op->count); i++) {
        TRY(read_record(op, r, (int)i, &op->records[i], err));
    }
    return OK;
}

void component_store_list(struct component_op *op, struct component_id only,
                          struct component_id after, size_t limit)
{
    struct pg_params p = sql_list_components(
        op->change.op.arena,
        &(struct sql_list_components){
            .tenant = op->change.scope, .only = only, .after = after, .limit = (int64_t)limit});
    change_submit(&op->change, &p, read_records);
}

static rc read_issuer(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct component_op *op = LIST_ENTRY(base, struct component_op, change.op);
    struct sql_component_issuer_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_component_issuer_read(base->arena, r, 0, &row, err));
    struct issuer issuer = {
        .tenant = row.tenant, .kind = (enum issuer_kind)row.kind, .boundary = row.boundary};
    ENSURE(issuer_authority_covers(&issuer, op->component), err, R_NOT_FOUND);
    return OK;
}

void component_store_find_issuer(struct component_op *op, struct issuer_id issuer,
                                 const struct subject_component *component, bool or_platform)
{
    op->component = component;
    struct pg_params p = sql_component_issuer(
        op->change.op.arena, &(struct sql_component_issuer){.issuer = issuer,
                                                            .tenant = op->change.scope,
                                                            .or_platform = or_platform});
    change_submit(&op->change, &p, read_issuer);
}

static rc read_own(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct component_op *op = LIST_ENTRY(base, struct component_op, change.op);
    struct sql_find_own_component_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_find_own_component_read(base->arena, r, 0, &row, err));
    op->records = ARENA_NEW(base->arena, struct component_record);
    ARENA_ENSURE(op->records, err);
    op->records[0] = (struct component_record){
        .component = {.tenant = op->change.scope,
                      .name = row.name,
                      .role = (enum role)row.role,
                      .boundary = row.boundary},
        .issuer = row.issuer,
        .subject = row.subject,
        .fingerprints = row.fingerprints,
    };
    op->count = 1;
    op->iss = row.iss;
    return OK;
}

void component_store_find_own(struct component_op *op, struct component_id id)
{
    struct pg_params p = sql_find_own_component(
        op->change.op.arena,
        &(struct sql_find_own_component){.tenant = op->change.scope, .component = id});
    change_submit(&op->change, &p, read_own);
}

static rc read_gateways(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct component_op *op = LIST_ENTRY(base, struct component_op, change.op);
    struct sql_tenant_gateways_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_tenant_gateways_read(base->arena, r, 0, &row, err));
    op->gateways = row.gateways.items;
    op->gateway_count = row.gateways.count;
    return OK;
}

void component_store_find_gateways(struct component_op *op)
{
    struct pg_params p = sql_tenant_gateways(
        op->change.op.arena, &(struct sql_tenant_gateways){.tenant = op->change.scope});
    change_submit(&op->change, &p, read_gateways);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/component_store.h"

#include "store/resource/change_submit.h"

#include "domain/relations/issuer_authority.h"

static void add_fingerprints(struct pg_params *p, struct slice prints)
{
    struct pg_array array;
    pg_array_begin(&array, p, PG_BYTEA, prints.len / FINGERPRINT_BYTES, prints.len);
    for (size_t i = 0; i < prints.len; i += FINGERPRINT_BYTES) {
        pg_array_bytes(&array, prints.ptr + i, FINGERPRINT_BYTES);
    }
    pg_array_end(&array);
}

void component_store_create(struct component_op *op, const struct component_record *record)
{
    const struct subject_component *c = &record->component;
    struct pg_params prints, p = change_params_of(&op->admin, "create_component");
    pg_params_init(&prints, op->admin.op.arena);
    pg_add_uuid(&p, c->id.u);
    pg_add_text(&p, c->name);
    pg_add_int2(&p, c->role);
    pg_add_text(&p, c->boundary);
    pg_add_texts(&p, c->sender_domains, c->sender_domain_count);
    pg_add_bool(&p, record->is_disabled);
    pg_add_uuid_or_null(&p, record->issuer.u);
    pg_add_text(&p, record->subject);
    pg_add_uuid(&prints, op->admin.scope.u);
    pg_add_uuid(&prints, c->id.u);
    add_fingerprints(&prints, record->fingerprints);
    change_submit_two(&op->admin, ST_create_component, &p, ST_add_certificates, &prints,
                      change_read_done);
}

void component_store_update(struct component_op *op, const struct component_record *record)
{
    const struct subject_component *c = &record->component;
    struct pg_params p = change_params_of(&op->admin, "update_component");
    pg_add_uuid(&p, c->id.u);
    pg_add_texts(&p, c->sender_domains, c->sender_domain_count);
    add_fingerprints(&p, record->fingerprints);
    pg_add_bool(&p, record->is_disabled);
    pg_add_uuid_or_null(&p, record->issuer.u);
    pg_add_text(&p, record->subject);
    pg_add_int8(&p, record->version);
    change_submit(&op->admin, ST_update_component, &p, change_read_done);
}

void component_store_delete(struct component_op *op, struct component_id id, int64_t version)
{
    struct pg_params p = change_params_of(&op->admin, "delete_component");
    pg_add_uuid(&p, id.u);
    pg_add_int8(&p, version);
    change_submit(&op->admin, ST_delete_component, &p, change_read_done);
}

static rc read_record(const struct component_op *op, const PGresult *r, int row,
                      struct component_record *out, struct err *err)
{
    struct arena *arena = op->admin.op.arena;
    struct subject_component *c = &out->component;
    c->tenant = op->admin.scope;
    c->id.u = pg_uuid(r, row, 0);
    TRY(pg_text(arena, r, row, 1, &c->name, err));
    c->role = (enum role)pg_int(r, row, 2);
    TRY(pg_text(arena, r, row, 3, &c->boundary, err));
    TRY(pg_texts(arena, r, row, 4, &c->sender_domains, &c->sender_domain_count, err));
    out->is_disabled = pg_bool(r, row, 5);
    out->issuer.u = pg_uuid(r, row, 6);
    TRY(pg_text(arena, r, row, 7, &out->subject, err));
    out->version = pg_int(r, row, 8);
    return pg_bytes(arena, r, row, 9, &out->fingerprints, err);
}

static rc read_records(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct component_op *op = LIST_ENTRY(base, struct component_op, admin.op);
    (void)index;
    op->count = (size_t)PQntuples(r);
    op->records = ARENA_ARRAY(base->arena, struct component_record, op->count + 1);
    ARENA_ENSURE(op->records, err);
    for (size_t i = 0; i < op->count; i++) {
        TRY(read_record(op, r, (int)i, &op->records[i], err));
    }
    return OK;
}

void component_store_list(struct component_op *op, struct component_id only,
                          struct component_id after, size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->admin.op.arena);
    pg_add_uuid(&p, op->admin.scope.u);
    pg_add_uuid_or_null(&p, only.u);
    pg_add_uuid_or_null(&p, after.u);
    pg_add_int8(&p, (int64_t)limit);
    change_submit(&op->admin, ST_list_components, &p, read_records);
}

static rc read_issuer(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct component_op *op = LIST_ENTRY(base, struct component_op, admin.op);
    struct issuer issuer = {0};
    TRY(change_read_done(base, index, r, err));
    issuer.tenant.u = pg_uuid(r, 0, 0);
    issuer.kind = (enum issuer_kind)pg_int(r, 0, 1);
    TRY(pg_text(base->arena, r, 0, 2, &issuer.boundary, err));
    ENSURE(issuer_authority_covers(&issuer, op->component), err, R_NOT_FOUND);
    return OK;
}

void component_store_find_issuer(struct component_op *op, struct issuer_id issuer,
                                 const struct subject_component *component)
{
    struct pg_params p;
    op->component = component;
    pg_params_init(&p, op->admin.op.arena);
    pg_add_uuid(&p, issuer.u);
    pg_add_uuid(&p, op->admin.scope.u);
    change_submit(&op->admin, ST_component_issuer, &p, read_issuer);
}

static rc read_name(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    TRY(change_read_done(base, index, r, err));
    return pg_text(base->arena, r, 0, 0, &op->text, err);
}

void component_store_find_name(struct change_op *op, struct component_id id)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid(&p, op->scope.u);
    pg_add_uuid(&p, id.u);
    change_submit(op, ST_find_own_component, &p, read_name);
}

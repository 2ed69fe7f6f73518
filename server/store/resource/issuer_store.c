/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/issuer_store.h"

#include "domain/values/issuer_template.h"
#include "store/cache/issuer_rows.h"
#include "store/resource/change_submit.h"

static struct pg_params begin(const struct issuer_op *op, const char *operation)
{
    return change_params(op->op.arena, op->scope, operation, &op->who);
}

/* --- changes ------------------------------------------------------------------------------------ */

/* What may change of an issuer, in the statements' order. */
static void add_settings(struct pg_params *p, const struct issuer_row *row)
{
    const struct issuer *issuer = &row->issuer;
    pg_add_texts(p, issuer->audiences, issuer->audience_count);
    pg_add_texts(p, issuer->algorithms, issuer->algorithm_count);
    pg_add_text(p, issuer->jwks_url);
    pg_add_text(p, issuer->jwks_json);
    pg_add_text(p, issuer->claim_address);
    pg_add_texts(p, issuer->claim_aliases, issuer->claim_alias_count);
    pg_add_text(p, issuer->claim_groups);
    pg_add_text(p, issuer->claim_tenant);
    pg_add_text(p, issuer->claim_guest);
    pg_add_texts(p, issuer->domains, issuer->domain_count);
    pg_add_int4(p, (int32_t)issuer->clock_skew_s);
    pg_add_bool(p, row->disabled);
}

void issuer_store_create(struct issuer_op *op, const struct issuer_row *row, bool may_take)
{
    const struct issuer *issuer = &row->issuer;
    struct pg_params p = begin(op, "create_issuer");
    const char *pattern = issuer_template_of(op->op.arena, issuer->iss);
    struct slice value = issuer_template_value(pattern == NULL ? "" : pattern, issuer->iss);
    pg_add_uuid(&p, issuer->id.u);
    pg_add_text(&p, issuer->boundary);
    pg_add_int2(&p, issuer->kind);
    pg_add_text(&p, issuer->iss);
    add_settings(&p, row);
    pg_add_text(&p, pattern);
    pg_add_bytes(&p, value);
    pg_add_bool(&p, may_take);
    p.failed = p.failed || pattern == NULL;
    pg_submit_one(&op->op, ST_create_issuer, &p, change_read_done);
}

void issuer_store_update(struct issuer_op *op, const struct issuer_row *row)
{
    struct pg_params p = begin(op, "update_issuer");
    pg_add_uuid(&p, row->issuer.id.u);
    pg_add_int8(&p, row->version);
    add_settings(&p, row);
    pg_submit_one(&op->op, ST_update_issuer, &p, change_read_done);
}

void issuer_store_delete(struct issuer_op *op, struct issuer_id id)
{
    struct pg_params p = begin(op, "delete_issuer");
    pg_add_uuid(&p, id.u);
    pg_submit_one(&op->op, ST_delete_issuer, &p, change_read_done);
}

/* --- reading ------------------------------------------------------------------------------------ */

static rc read_issuers(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct issuer_op *op = LIST_ENTRY(base, struct issuer_op, op);
    (void)index;
    size_t count = (size_t)PQntuples(r);
    op->issuers = ARENA_ARRAY(base->arena, struct issuer_row, count + 1);
    ARENA_ENSURE(op->issuers, err);
    for (op->issuer_count = 0; op->issuer_count < count; op->issuer_count++) {
        struct issuer_row *row = &op->issuers[op->issuer_count];
        TRY(issuer_read(base->arena, r, (int)op->issuer_count, &row->issuer, err));
        row->disabled = pg_bool(r, (int)op->issuer_count, ISSUER_COLUMNS);
        row->version = pg_int(r, (int)op->issuer_count, ISSUER_COLUMNS + 1);
    }
    return OK;
}

void issuer_store_list(struct issuer_op *op, struct issuer_id only, struct issuer_id after,
                       size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid(&p, op->scope.u);
    pg_add_uuid_or_null(&p, only.u);
    pg_add_uuid_or_null(&p, after.u);
    pg_add_int8(&p, (int64_t)limit);
    pg_submit_one(&op->op, ST_list_issuers, &p, read_issuers);
}

/* --- mappings ----------------------------------------------------------------------------------- */

static void submit_mapping(struct issuer_op *op, enum statement statement, const char *operation,
                           struct issuer_id id, const char *value)
{
    struct pg_params p = begin(op, operation);
    pg_add_uuid(&p, id.u);
    pg_add_text(&p, value);
    pg_submit_one(&op->op, statement, &p, change_read_done);
}

void issuer_store_map(struct issuer_op *op, struct issuer_id id, const char *value)
{
    submit_mapping(op, ST_map_tenant, "map_tenant", id, value);
}

void issuer_store_unmap(struct issuer_op *op, struct issuer_id id, const char *value)
{
    submit_mapping(op, ST_unmap_tenant, "unmap_tenant", id, value);
}

static rc read_mappings(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct issuer_op *op = LIST_ENTRY(base, struct issuer_op, op);
    (void)index;
    size_t count = (size_t)PQntuples(r);
    op->mappings = ARENA_ARRAY(base->arena, struct tenant_mapping, count + 1);
    ARENA_ENSURE(op->mappings, err);
    for (op->mapping_count = 0; op->mapping_count < count; op->mapping_count++) {
        struct tenant_mapping *mapping = &op->mappings[op->mapping_count];
        TRY(pg_text(base->arena, r, (int)op->mapping_count, 0, &mapping->value, err));
        TRY(pg_text(base->arena, r, (int)op->mapping_count, 1, &mapping->tenant, err));
    }
    return OK;
}

void issuer_store_list_mappings(struct issuer_op *op, struct issuer_id id, const char *after,
                                size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid(&p, id.u);
    pg_add_text(&p, after);
    pg_add_int8(&p, (int64_t)limit);
    pg_submit_one(&op->op, ST_list_tenant_mappings, &p, read_mappings);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/issuer_store.h"

#include "domain/values/issuer_host.h"
#include "domain/values/issuer_template.h"
#include "store/cache/issuer_rows.h"
#include "store/resource/change_submit.h"

/* --- changes ---------------------------------------------------------------------------------- */

static struct sql_issuer_settings settings_of(const struct issuer_row *row)
{
    const struct issuer *issuer = &row->issuer;
    return (struct sql_issuer_settings){
        .audiences = {issuer->audiences, issuer->audience_count},
        .algorithms = {issuer->algorithms, issuer->algorithm_count},
        .jwks_url = issuer->jwks_url,
        .jwks_json = issuer->jwks_json,
        .claim_address = issuer->claim_address,
        .claim_aliases = {issuer->claim_aliases, issuer->claim_alias_count},
        .claim_groups = issuer->claim_groups,
        .claim_tenant = issuer->claim_tenant,
        .claim_guest = issuer->claim_guest,
        .domains = {issuer->domains, issuer->domain_count},
        .clock_skew_seconds = (int32_t)issuer->clock_skew_s,
        .disabled = row->disabled,
        .claim_verified = issuer->claim_verified,
    };
}

static rc read_created(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_create_issuer_row row;
    TRY(change_read_done(op, index, r, err));
    TRY(sql_create_issuer_read(op->arena, r, 0, &row, err));
    ENSURE(row.outcome != ISSUER_TAKEN, err, R_ALREADY_EXISTS);
    ENSURE(row.outcome == ISSUER_PROVEN, err, R_NOT_FOUND);
    return OK;
}

void issuer_store_create(struct change_op *op, const struct issuer_row *row, bool by_platform)
{
    const struct issuer *issuer = &row->issuer;
    const char *host = issuer_host(op->op.arena, issuer->iss);
    const char *template = issuer_template_of(op->op.arena, issuer->iss);
    struct slice value = issuer_template_value(template == NULL ? "" : template, issuer->iss);
    struct pg_params p =
        sql_create_issuer(op->op.arena, &(struct sql_create_issuer){
                                            .act = change_begin(op, "create_issuer"),
                                            .issuer = issuer->id,
                                            .boundary = issuer->boundary,
                                            .kind = issuer->kind,
                                            .iss = issuer->iss,
                                            .settings = settings_of(row),
                                            .host = host == NULL ? "" : host,
                                            .template = template,
                                            .template_value = arena_dup(op->op.arena, value),
                                            .by_platform = by_platform,
                                            .mark = row->mark,
                                            .max = ISSUERS_MAX,
                                        });
    change_submit(op, &p, read_created);
}

void issuer_store_update(struct change_op *op, const struct issuer_row *row)
{
    struct pg_params p =
        sql_update_issuer(op->op.arena, &(struct sql_update_issuer){
                                            .act = change_begin(op, "update_issuer"),
                                            .issuer = row->issuer.id,
                                            .mark = row->mark,
                                            .new_mark = row->new_mark,
                                            .settings = settings_of(row),
                                        });
    change_submit(op, &p, change_read_done);
}

void issuer_store_delete(struct change_op *op, struct issuer_id id)
{
    struct pg_params p = sql_delete_issuer(
        op->op.arena,
        &(struct sql_delete_issuer){.act = change_begin(op, "delete_issuer"), .issuer = id});
    change_submit(op, &p, change_read_done);
}

/* --- reading ---------------------------------------------------------------------------------- */

static rc read_issuers(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct issuer_op *op = LIST_ENTRY(base, struct issuer_op, op);
    (void)index;
    op->issuer_count = (size_t)PQntuples(r);
    op->issuers = ARENA_ARRAY(base->arena, struct issuer_row, op->issuer_count + 1);
    ARENA_ENSURE(op->issuers, err);
    for (size_t i = 0; !pg_list_ends(base, i, &op->issuer_count); i++) {
        struct sql_list_issuers_row row;
        TRY(sql_list_issuers_read(base->arena, r, (int)i, &row, err));
        op->issuers[i] = (struct issuer_row){.issuer = issuer_from_row(&row.issuer),
                                             .disabled = row.disabled,
                                             .mark = row.mark,
                                             .proof = row.holds ? (enum issuer_proof)row.proof
                                                                : ISSUER_PROOF_GONE};
    }
    return OK;
}

void issuer_store_list(struct issuer_op *op, struct issuer_id only, struct issuer_id after,
                       size_t limit)
{
    struct pg_params p = sql_list_issuers(
        op->op.arena,
        &(struct sql_list_issuers){
            .tenant = op->scope, .only = only, .after = after, .limit = (int64_t)limit});
    pg_submit_one(&op->op, &p, read_issuers);
}

static rc read_judgment(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct issuer_op *op = LIST_ENTRY(base, struct issuer_op, op);
    struct sql_judge_issuer_row row;
    (void)index;
    TRY(sql_judge_issuer_read(base->arena, r, 0, &row, err));
    op->judgment = (enum issuer_judgment)row.outcome;
    op->proof = (enum issuer_proof)row.proof;
    return OK;
}

void issuer_store_judge(struct issuer_op *op, const char *iss, bool by_platform)
{
    const char *host = issuer_host(op->op.arena, iss);
    const char *template = issuer_template_of(op->op.arena, iss);
    struct slice value = issuer_template_value(template == NULL ? "" : template, iss);
    struct pg_params p = sql_judge_issuer(
        op->op.arena, &(struct sql_judge_issuer){.tenant = op->scope,
                                                 .iss = iss,
                                                 .host = host == NULL ? "" : host,
                                                 .template = template,
                                                 .template_value = arena_dup(op->op.arena, value),
                                                 .by_platform = by_platform});
    pg_submit_one(&op->op, &p, read_judgment);
}

static rc read_template(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct issuer_op *op = LIST_ENTRY(base, struct issuer_op, op);
    struct sql_find_issuer_template_row row;
    (void)index;
    TRY(sql_find_issuer_template_read(base->arena, r, 0, &row, err));
    op->is_mapped = row.is_mapped;
    return OK;
}

void issuer_store_find_template(struct issuer_op *op, const char *iss)
{
    struct pg_params p = sql_find_issuer_template(
        op->op.arena, &(struct sql_find_issuer_template){
                          .tenant = op->scope, .template = issuer_template_of(op->op.arena, iss)});
    pg_submit_one(&op->op, &p, read_template);
}

/* --- mappings --------------------------------------------------------------------------------- */

void issuer_store_map(struct change_op *op, struct issuer_id id, const char *value)
{
    struct pg_params p =
        sql_map_tenant(op->op.arena, &(struct sql_map_tenant){.act = change_begin(op, "map_tenant"),
                                                              .issuer = id,
                                                              .value = value,
                                                              .max = MAPPINGS_MAX});
    change_submit(op, &p, change_read_done);
}

void issuer_store_unmap(struct change_op *op, struct issuer_id id, const char *value)
{
    struct pg_params p = sql_unmap_tenant(
        op->op.arena, &(struct sql_unmap_tenant){
                          .act = change_begin(op, "unmap_tenant"), .issuer = id, .value = value});
    change_submit(op, &p, change_read_done);
}

/* Both lists have these columns. */
static rc read_mappings(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct issuer_op *op = LIST_ENTRY(base, struct issuer_op, op);
    (void)index;
    op->mapping_count = (size_t)PQntuples(r);
    op->mappings = ARENA_ARRAY(base->arena, struct tenant_mapping, op->mapping_count + 1);
    ARENA_ENSURE(op->mappings, err);
    for (size_t i = 0; !pg_list_ends(base, i, &op->mapping_count); i++) {
        struct sql_list_tenant_mappings_row row;
        TRY(sql_list_tenant_mappings_read(base->arena, r, (int)i, &row, err));
        op->mappings[i] =
            (struct tenant_mapping){.issuer = row.issuer, .value = row.value, .tenant = row.name};
    }
    return OK;
}

void issuer_store_list_mappings(struct issuer_op *op, struct issuer_id id, const char *after,
                                size_t limit)
{
    struct pg_params p = sql_list_tenant_mappings(
        op->op.arena,
        &(struct sql_list_tenant_mappings){.issuer = id, .after = after, .limit = (int64_t)limit});
    pg_submit_one(&op->op, &p, read_mappings);
}

void issuer_store_list_mappings_of(struct issuer_op *op, struct tenant_id tenant, const char *after,
                                   size_t limit)
{
    struct pg_params p = sql_list_mappings_of_tenant(
        op->op.arena, &(struct sql_list_mappings_of_tenant){
                          .tenant = tenant, .after = after, .limit = (int64_t)limit});
    pg_submit_one(&op->op, &p, read_mappings);
}

struct slice issuer_store_mapping_key(struct arena *arena, const struct tenant_mapping *mapping)
{
    char issuer[UUID_TEXT_BYTES];
    uuid_format(mapping->issuer.u, issuer);
    const char *key = arena_printf(arena, "%s %s", issuer, mapping->value);
    return key == NULL ? SLICE_NONE : slice_str(key);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lookup.h"

#include "store/pg.h"

static rc read_issuer(struct arena *arena, const PGresult *r, struct issuer *row,
                      struct err *err)
{
    row->tenant.u = pg_uuid(r, 0, 0);
    row->id.u = pg_uuid(r, 0, 1);
    TRY(pg_text(arena, r, 0, 2, &row->boundary, err));
    row->kind = (enum issuer_kind)pg_int(r, 0, 3);
    TRY(pg_text(arena, r, 0, 4, &row->iss, err));
    TRY(pg_texts(arena, r, 0, 5, &row->audiences, &row->audience_count, err));
    TRY(pg_texts(arena, r, 0, 6, &row->algorithms, &row->algorithm_count, err));
    TRY(pg_text(arena, r, 0, 7, &row->jwks_url, err));
    TRY(pg_text(arena, r, 0, 8, &row->jwks_json, err));
    TRY(pg_text(arena, r, 0, 9, &row->claim_address, err));
    TRY(pg_texts(arena, r, 0, 10, &row->claim_aliases, &row->claim_alias_count, err));
    TRY(pg_text(arena, r, 0, 11, &row->claim_groups, err));
    TRY(pg_text(arena, r, 0, 12, &row->claim_tenant, err));
    TRY(pg_texts(arena, r, 0, 13, &row->domains, &row->domain_count, err));
    row->clock_skew_s = pg_int(r, 0, 14);
    row->epoch = pg_int(r, 0, 15);
    return OK;
}

static rc read_component(struct arena *arena, const PGresult *r, struct component_row *row,
                         struct err *err)
{
    struct subject_component *c = &row->component;
    c->tenant.u = pg_uuid(r, 0, 0);
    c->id.u = pg_uuid(r, 0, 1);
    TRY(pg_text(arena, r, 0, 2, &c->name, err));
    c->role = (enum role)pg_int(r, 0, 3);
    TRY(pg_text(arena, r, 0, 4, &c->boundary, err));
    TRY(pg_texts(arena, r, 0, 5, &c->sender_domains, &c->sender_domain_count, err));
    row->epoch = pg_int(r, 0, 6);
    return OK;
}

static rc read_row(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct lookup *lookup = LIST_ENTRY(op, struct lookup, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    switch (lookup->kind) {
    case LOOKUP_ISSUER:
        return read_issuer(op->arena, r, &lookup->issuer, err);
    case LOOKUP_COMPONENT:
        return read_component(op->arena, r, &lookup->component, err);
    case LOOKUP_TENANT_BY_NAME:
    case LOOKUP_TENANT_BY_DOMAIN:
        lookup->tenant.u = pg_uuid(r, 0, 0);
        return OK;
    }
    return OK;
}

void lookup_submit(struct lookup *lookup, enum lookup_kind kind, struct slice key)
{
    static const enum statement statements[] = {
        [LOOKUP_ISSUER] = ST_find_issuer,
        [LOOKUP_COMPONENT] = ST_find_component,
        [LOOKUP_TENANT_BY_NAME] = ST_find_tenant_by_name,
        [LOOKUP_TENANT_BY_DOMAIN] = ST_find_tenant_by_domain,
    };
    struct pg_params p;
    lookup->kind = kind;
    pg_params_init(&p, lookup->op.arena);
    pg_add_bytes(&p, key);
    pg_submit(&lookup->op, &(struct pg_segment){.count = 1, .statements = {statements[kind]},
                                                .params = {&p}, .read = read_row});
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tracking.h"

#include "store/admin_params.h"

static rc read_content(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct content_find *find = LIST_ENTRY(op, struct content_find, op);
    struct content_row *row = &find->row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    row->id.u = pg_uuid(r, 0, 0);
    TRY(pg_text(op->arena, r, 0, 1, &row->owner, err));
    TRY(pg_text(op->arena, r, 0, 2, &row->issuer, err));
    row->template.u = pg_uuid(r, 0, 3);
    TRY(pg_text(op->arena, r, 0, 4, &row->display_name, err));
    row->created_at = pg_time(r, 0, 5);
    row->revoked_at = pg_time(r, 0, 6);
    return pg_texts(op->arena, r, 0, 7, &row->revoked_users, &row->revoked_user_count, err);
}

void content_find_submit(struct content_find *find, struct tenant_id tenant,
                         struct content_id content)
{
    struct pg_params p;
    pg_params_init(&p, find->op.arena);
    pg_add_uuid(&p, tenant.u);
    pg_add_uuid(&p, content.u);
    pg_submit(&find->op, &(struct pg_segment){.count = 1,
                                              .statements = {ST_find_content},
                                              .params = {&p},
                                              .read = read_content});
}

static rc read_time(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct content_revoke *revoke = LIST_ENTRY(op, struct content_revoke, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    revoke->at = pg_time(r, 0, 0);
    return OK;
}

void content_revoke_submit(struct content_revoke *revoke)
{
    struct pg_params p;
    pg_params_init(&p, revoke->op.arena);
    admin_params(&p, revoke->tenant, revoke->restore ? "restore" : "revoke", &revoke->who);
    pg_add_uuid(&p, revoke->content.u);
    pg_add_text(&p, revoke->user);
    pg_add_text(&p, revoke->reason);
    enum statement statement = revoke->restore ? ST_restore : ST_revoke;
    pg_submit(&revoke->op,
              &(struct pg_segment){
                  .count = 1, .statements = {statement}, .params = {&p}, .read = read_time});
}

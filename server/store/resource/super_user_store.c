/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/super_user_store.h"

#include "store/resource/change_submit.h"

void super_user_store_grant(struct change_op *op, const struct super_user_row *row,
                            const char *target)
{
    struct pg_params p = change_params_of(op, "grant_super_user");
    pg_add_text(&p, row->principal);
    pg_add_text(&p, row->reason);
    pg_add_text(&p, row->granted_by);
    pg_add_time(&p, row->expires_at);
    pg_add_text(&p, target);
    pg_add_int8(&p, SUPER_USERS_MAX);
    change_submit(op, ST_grant_super_user, &p, change_read_limited);
}

void super_user_store_revoke(struct change_op *op, const char *principal)
{
    struct pg_params p = change_params_of(op, "revoke_super_user");
    pg_add_text(&p, principal);
    change_submit(op, ST_revoke_super_user, &p, change_read_done);
}

static rc read_rows(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct super_user_list *list = LIST_ENTRY(op, struct super_user_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct super_user_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; i < list->count; i++) {
        struct super_user_row *row = &list->rows[i];
        TRY(pg_text(op->arena, r, (int)i, 0, &row->principal, err));
        TRY(pg_text(op->arena, r, (int)i, 1, &row->reason, err));
        TRY(pg_text(op->arena, r, (int)i, 2, &row->granted_by, err));
        row->granted_at = pg_time(r, (int)i, 3);
        row->expires_at = pg_time(r, (int)i, 4);
    }
    return OK;
}

void super_user_store_list(struct super_user_list *list, struct tenant_id tenant)
{
    struct pg_params p;
    pg_params_init(&p, list->op.arena);
    pg_add_uuid(&p, tenant.u);
    pg_submit_one(&list->op, ST_list_super_users, &p, read_rows);
}

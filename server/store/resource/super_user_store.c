/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/super_user_store.h"

#include "store/resource/change_submit.h"

void super_user_store_grant(struct change_op *op, const struct super_user_row *row,
                            const char *target)
{
    struct pg_params p =
        sql_grant_super_user(op->op.arena, &(struct sql_grant_super_user){
                                               .act = change_begin(op, "grant_super_user"),
                                               .principal = row->principal,
                                               .reason = row->reason,
                                               .granted_by = row->granted_by,
                                               .expires_at = row->expires_at,
                                               .target = target,
                                               .max = SUPER_USERS_MAX,
                                           });
    change_submit(op, &p, change_read_limited);
}

void super_user_store_revoke(struct change_op *op, const char *principal)
{
    struct pg_params p = sql_revoke_super_user(
        op->op.arena, &(struct sql_revoke_super_user){.act = change_begin(op, "revoke_super_user"),
                                                      .principal = principal});
    change_submit(op, &p, change_read_done);
}

static rc read_rows(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct super_user_list *list = LIST_ENTRY(op, struct super_user_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct super_user_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; i < list->count; i++) {
        struct sql_list_super_users_row row;
        TRY(sql_list_super_users_read(op->arena, r, (int)i, &row, err));
        list->rows[i] = (struct super_user_row){.principal = row.principal,
                                                .reason = row.reason,
                                                .granted_by = row.granted_by,
                                                .granted_at = row.granted_at,
                                                .expires_at = row.expires_at};
    }
    return OK;
}

void super_user_store_list(struct super_user_list *list, struct tenant_id tenant)
{
    struct pg_params p =
        sql_list_super_users(list->op.arena, &(struct sql_list_super_users){.tenant = tenant});
    pg_submit_one(&list->op, &p, read_rows);
}

static rc read_names(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct power_names *names = LIST_ENTRY(op, struct power_names, op);
    struct sql_find_power_names_row row;
    (void)index;
    TRY(sql_find_power_names_read(op->arena, r, 0, &row, err));
    names->names = row.addresses.items;
    names->count = row.addresses.count;
    names->is_whole = row.is_whole;
    names->known = (struct gate_scope){.scope = row.scope, .epoch = row.epoch};
    return OK;
}

void super_user_store_find_names(struct power_names *names)
{
    struct pg_params p = sql_find_power_names(
        names->op.arena, &(struct sql_find_power_names){.tenant = names->tenant,
                                                        .address = names->address,
                                                        .max = POWER_NAMES_MAX});
    pg_submit_one(&names->op, &p, read_names);
}

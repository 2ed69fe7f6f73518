/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/content_store.h"

#include "store/resource/change_submit.h"

static rc read_row(struct arena *arena, const PGresult *r, int i, struct content_row *row,
                   struct err *err)
{
    row->id.u = pg_uuid(r, i, 0);
    TRY(pg_text(arena, r, i, 1, &row->owner, err));
    TRY(pg_text(arena, r, i, 2, &row->issuer, err));
    row->template.u = pg_uuid(r, i, 3);
    TRY(pg_text(arena, r, i, 4, &row->display_name, err));
    row->created_at = pg_time(r, i, 5);
    row->revoked_at = pg_time(r, i, 6);
    TRY(pg_texts(arena, r, i, 7, &row->revoked_users, &row->revoked_user_count, err));
    row->amendment_version = pg_int(r, i, 8);
    return pg_text(arena, r, i, 9, &row->issuer_name, err);
}

static rc read_content(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct content_find *find = LIST_ENTRY(op, struct content_find, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    return read_row(op->arena, r, 0, &find->row, err);
}

static rc read_contents(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct content_list *list = LIST_ENTRY(op, struct content_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct content_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; i < list->count; i++) {
        TRY(read_row(op->arena, r, (int)i, &list->rows[i], err));
    }
    return OK;
}

void content_store_list(struct content_list *list)
{
    struct pg_params p;
    bool is_owned = list->owner_count > 0;
    pg_params_init(&p, list->op.arena);
    pg_add_uuid(&p, list->tenant.u);
    pg_add_uuid_or_null(&p, list->after.u);
    pg_add_int8(&p, (int64_t)list->limit);
    if (is_owned) {
        pg_add_texts(&p, list->owners, list->owner_count);
        pg_add_text(&p, list->issuer);
    }
    enum statement statement = is_owned ? ST_list_owned_content : ST_list_content;
    pg_submit_one(&list->op, statement, &p, read_contents);
}

void content_store_find(struct content_find *find, struct tenant_id tenant,
                        struct content_id content)
{
    struct pg_params p;
    pg_params_init(&p, find->op.arena);
    pg_add_uuid(&p, tenant.u);
    pg_add_uuid(&p, content.u);
    pg_submit_one(&find->op, ST_find_content, &p, read_content);
}

static rc read_time(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct content_revoke *revoke = LIST_ENTRY(op, struct content_revoke, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    revoke->at = pg_time(r, 0, 0);
    return OK;
}

void content_store_revoke(struct content_revoke *revoke)
{
    struct pg_params p = change_params(revoke->op.arena, revoke->tenant,
                                       revoke->restore ? "restore" : "revoke", &revoke->who);
    pg_add_uuid(&p, revoke->content.u);
    pg_add_text(&p, revoke->user);
    pg_add_text(&p, revoke->reason);
    enum statement statement = revoke->restore ? ST_restore : ST_revoke;
    pg_submit_one(&revoke->op, statement, &p, read_time);
}

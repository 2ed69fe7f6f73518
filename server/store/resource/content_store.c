/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/content_store.h"

#include <string.h>

#include "store/resource/change_submit.h"

/* Take what stands for all readers outside from among the people. */
static void take_outside(struct content_row *row, struct pg_texts revoked)
{
    const char **people = (const char **)(uintptr_t)revoked.items; /* the result's own copy */
    row->revoked_users = revoked.items;
    for (size_t i = 0; i < revoked.count; i++) {
        if (strcmp(people[i], AUDIT_WHO_OUTSIDE) == 0) {
            row->outside_is_revoked = true;
        } else {
            people[row->revoked_user_count++] = people[i];
        }
    }
}

static struct content_row row_from(const struct sql_content *c)
{
    struct content_row row = {.id = c->content,
                              .owner = c->owner,
                              .issuer = c->issuer,
                              .template = c->template,
                              .display_name = c->display_name,
                              .created_at = c->created_at,
                              .revoked_at = c->revoked_at,
                              .amendment_version = c->amendment,
                              .notify_owner = c->notify_owner,
                              .issuer_name = c->issuer_name};
    take_outside(&row, c->revoked_users);
    return row;
}

static rc read_content(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct content_find *find = LIST_ENTRY(op, struct content_find, op);
    struct sql_find_content_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_find_content_read(op->arena, r, 0, &row, err));
    find->row = row_from(&row.content);
    return OK;
}

void content_store_find(struct content_find *find, struct tenant_id tenant,
                        struct content_id content)
{
    struct pg_params p = sql_find_content(
        find->op.arena, &(struct sql_find_content){.tenant = tenant, .content = content});
    pg_submit_one(&find->op, &p, read_content);
}

/* The row that was made, which has no answer; then it as it is. */
static rc read_recovered(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    return index == 0 ? OK : read_content(op, index, r, err);
}

void content_store_recover(struct content_find *find, struct tenant_id tenant,
                           const struct content_row *row)
{
    struct arena *arena = find->op.arena;
    struct pg_params recover =
        sql_recover_content(arena, &(struct sql_recover_content){.tenant = tenant,
                                                                 .content = row->id,
                                                                 .owner = row->owner,
                                                                 .issuer = row->issuer,
                                                                 .template = row->template,
                                                                 .display_name = row->display_name,
                                                                 .protected_at = row->created_at});
    struct pg_params look =
        sql_find_content(arena, &(struct sql_find_content){.tenant = tenant, .content = row->id});
    pg_submit(&find->op, &(struct pg_segment){
                             .count = 2, .params = {&recover, &look}, .read = read_recovered});
}

static rc read_owned(struct arena *arena, const PGresult *r, int i, struct content_row *out,
                     struct err *err)
{
    struct sql_list_owned_content_row row;
    TRY(sql_list_owned_content_read(arena, r, i, &row, err));
    *out = row_from(&row.content);
    return OK;
}

static rc read_any(struct arena *arena, const PGresult *r, int i, struct content_row *out,
                   struct err *err)
{
    struct sql_list_content_row row;
    TRY(sql_list_content_read(arena, r, i, &row, err));
    *out = row_from(&row.content);
    return OK;
}

static rc read_contents(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct content_list *list = LIST_ENTRY(op, struct content_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct content_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; !pg_list_ends(op, i, &list->count); i++) {
        TRY(list->owner_count > 0 ? read_owned(op->arena, r, (int)i, &list->rows[i], err)
                                  : read_any(op->arena, r, (int)i, &list->rows[i], err));
    }
    return OK;
}

void content_store_list(struct content_list *list)
{
    struct pg_params p;
    if (list->owner_count > 0) {
        p = sql_list_owned_content(list->op.arena, &(struct sql_list_owned_content){
                                                       .tenant = list->tenant,
                                                       .before = list->after,
                                                       .limit = (int64_t)list->limit,
                                                       .owners = {list->owners, list->owner_count},
                                                       .issuer = list->issuer});
    } else {
        p = sql_list_content(list->op.arena,
                             &(struct sql_list_content){.tenant = list->tenant,
                                                        .before = list->after,
                                                        .limit = (int64_t)list->limit});
    }
    pg_submit_one(&list->op, &p, read_contents);
}

static rc read_revoked(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct content_revoke *revoke = LIST_ENTRY(op, struct content_revoke, op);
    struct sql_revoke_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_LIMIT_EXCEEDED);
    TRY(sql_revoke_read(op->arena, r, 0, &row, err));
    revoke->at = row.revoked_at;
    return OK;
}

static rc read_restored(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct content_revoke *revoke = LIST_ENTRY(op, struct content_revoke, op);
    struct sql_restore_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_restore_read(op->arena, r, 0, &row, err));
    revoke->at = row.restored_at;
    return OK;
}

void content_store_revoke(struct content_revoke *revoke)
{
    struct sql_act act =
        change_act(revoke->tenant, revoke->restore ? "restore" : "revoke", &revoke->who);
    struct pg_params p;
    if (revoke->restore) {
        p = sql_restore(revoke->op.arena, &(struct sql_restore){.act = act,
                                                                .content = revoke->content,
                                                                .user_address = revoke->user,
                                                                .why = revoke->reason});
    } else {
        p = sql_revoke(revoke->op.arena, &(struct sql_revoke){.act = act,
                                                              .content = revoke->content,
                                                              .user_address = revoke->user,
                                                              .why = revoke->reason,
                                                              .people_max = REVOKED_PEOPLE_MAX});
    }
    pg_submit_one(&revoke->op, &p, revoke->restore ? read_restored : read_revoked);
}

static rc read_notified(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    (void)op;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    return OK;
}

void content_store_notify(struct content_notify *notify)
{
    struct pg_params p = sql_set_notification(
        notify->op.arena,
        &(struct sql_set_notification){
            .act = change_act(notify->tenant, "set_notification", &notify->who),
            .content = notify->content,
            .notify_owner = notify->notify_owner,
            .target = notify->notify_owner ? "owner is told by mail" : "owner is not told"});
    pg_submit_one(&notify->op, &p, read_notified);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/scim_store.h"

#include "store/resource/change_submit.h"

/* --- tokens --------------------------------------------------------------------------------------- */

static rc read_created(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct directory_token_creation *make = LIST_ENTRY(op, struct directory_token_creation, op);
    struct sql_create_directory_token_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_create_directory_token_read(op->arena, r, 0, &row, err));
    make->row.created_at = row.created_at;
    make->row.expires_at = row.expires_at;
    return OK;
}

void directory_token_store_create(struct directory_token_creation *make)
{
    struct pg_params p = sql_create_directory_token(
        make->op.arena, &(struct sql_create_directory_token){
                            .act = change_act(make->tenant, "create_directory_token", &make->who),
                            .token = make->row.id,
                            .name = make->row.name,
                            .hash = make->hash,
                            .days = make->days,
                            .max = DIRECTORY_TOKENS_MAX,
                        });
    pg_submit_one(&make->op, &p, read_created);
}

static rc read_tokens(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct directory_token_list *list = LIST_ENTRY(op, struct directory_token_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    list->rows = ARENA_ARRAY(op->arena, struct directory_token_row, list->count + 1);
    ARENA_ENSURE(list->rows, err);
    for (size_t i = 0; !pg_list_ends(op, i, &list->count); i++) {
        struct sql_list_directory_tokens_row row;
        TRY(sql_list_directory_tokens_read(op->arena, r, (int)i, &row, err));
        list->rows[i] = (struct directory_token_row){.id = row.token,
                                                     .name = row.name,
                                                     .created_at = row.created_at,
                                                     .expires_at = row.expires_at};
    }
    return OK;
}

void directory_token_store_list(struct directory_token_list *list)
{
    struct pg_params p = sql_list_directory_tokens(
        list->op.arena, &(struct sql_list_directory_tokens){.tenant = list->tenant,
                                                            .after = list->after,
                                                            .limit = (int64_t)list->limit});
    pg_submit_one(&list->op, &p, read_tokens);
}

void directory_token_store_revoke(struct directory_token_revocation *gone)
{
    struct pg_params p = sql_revoke_directory_token(
        gone->op.arena, &(struct sql_revoke_directory_token){
                            .act = change_act(gone->tenant, "revoke_directory_token", &gone->who),
                            .token = gone->id});
    pg_submit_one(&gone->op, &p, change_read_done);
}

/* --- reading -------------------------------------------------------------------------------------- */

static struct scim_row row_from(const struct sql_scim_row *row)
{
    return (struct scim_row){.address = row->address,
                             .id = row->id,
                             .display_name = row->display_name,
                             .is_disabled = row->disabled,
                             .group_id = row->group_id,
                             .external_id = row->external_id,
                             .document = row->document,
                             .addresses = row->addresses.items,
                             .address_count = row->addresses.count,
                             .state = row->state,
                             .epoch = row->epoch};
}

static rc make_rows(struct scim_find *find, const PGresult *r, struct err *err)
{
    find->count = (size_t)PQntuples(r);
    find->rows = ARENA_ARRAY(find->op.arena, struct scim_row, find->count + 1);
    ARENA_ENSURE(find->rows, err);
    return OK;
}

static rc read_found(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct scim_find *find = LIST_ENTRY(op, struct scim_find, op);
    (void)index;
    TRY(make_rows(find, r, err));
    for (size_t i = 0; !pg_list_ends(op, i, &find->count); i++) {
        struct sql_find_scim_entries_row row;
        TRY(sql_find_scim_entries_read(op->arena, r, (int)i, &row, err));
        find->rows[i] = row_from(&row.entry);
    }
    return OK;
}

void scim_store_find(struct scim_find *find)
{
    struct pg_params p = sql_find_scim_entries(
        find->op.arena, &(struct sql_find_scim_entries){.tenant = find->tenant,
                                                        .kind = find->kind,
                                                        .id = find->id,
                                                        .address = find->address,
                                                        .name = find->name,
                                                        .external_id = find->external_id,
                                                        .limit = (int64_t)find->limit});
    pg_submit_one(&find->op, &p, read_found);
}

static rc read_list(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct scim_find *find = LIST_ENTRY(op, struct scim_find, op);
    (void)index;
    TRY(make_rows(find, r, err));
    for (size_t i = 0; !pg_list_ends(op, i, &find->count); i++) {
        struct sql_list_scim_entries_row row;
        TRY(sql_list_scim_entries_read(op->arena, r, (int)i, &row, err));
        find->rows[i] = row_from(&row.entry);
    }
    return OK;
}

void scim_store_list(struct scim_find *find)
{
    struct pg_params p = sql_list_scim_entries(
        find->op.arena, &(struct sql_list_scim_entries){.tenant = find->tenant,
                                                        .kind = find->kind,
                                                        .skip = (int64_t)find->skip,
                                                        .limit = (int64_t)find->limit});
    pg_submit_one(&find->op, &p, read_list);
}

static rc read_count(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct scim_find *find = LIST_ENTRY(op, struct scim_find, op);
    struct sql_count_scim_entries_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_count_scim_entries_read(op->arena, r, 0, &row, err));
    find->total = row.count;
    return OK;
}

void scim_store_count(struct scim_find *find)
{
    struct pg_params p = sql_count_scim_entries(
        find->op.arena, &(struct sql_count_scim_entries){find->tenant, find->kind});
    pg_submit_one(&find->op, &p, read_count);
}

static rc read_members(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct scim_members *members = LIST_ENTRY(op, struct scim_members, op);
    (void)index;
    members->count = (size_t)PQntuples(r);
    members->rows = ARENA_ARRAY(op->arena, struct scim_member_row, members->count + 1);
    ARENA_ENSURE(members->rows, err);
    for (size_t i = 0; !pg_list_ends(op, i, &members->count); i++) {
        struct sql_list_scim_members_row row;
        TRY(sql_list_scim_members_read(op->arena, r, (int)i, &row, err));
        members->rows[i] = (struct scim_member_row){row.id, row.address, row.is_group};
    }
    return OK;
}

void scim_store_members(struct scim_members *members)
{
    struct pg_params p = sql_list_scim_members(
        members->op.arena, &(struct sql_list_scim_members){.tenant = members->tenant,
                                                           .group_address = members->group,
                                                           .limit = (int64_t)members->limit});
    pg_submit_one(&members->op, &p, read_members);
}

/* --- changing ------------------------------------------------------------------------------------- */

static rc take_outcome(struct scim_put *put, const struct sql_directory_outcome *row,
                       struct err *err)
{
    /* directory_outcome of the migrations, and scim_put's own. */
    static const enum reason reasons[] = {
        R_NONE,          R_NOT_FOUND,         R_ALREADY_EXISTS, R_ALREADY_EXISTS, R_GROUP_CYCLE,
        R_FIELD_INVALID, R_APPROVAL_REQUIRED, R_ETAG_MISMATCH,  R_FIELD_INVALID};
    int32_t problem = row->problem;
    ENSURE(problem >= 0 && problem < (int32_t)(sizeof reasons / sizeof reasons[0]), err,
           R_DATABASE_ERROR);
    put->outcome = (struct directory_outcome){
        .what = row->what, .holder = row->holder, .changed = row->changed};
    ENSURE(problem == 0, err, reasons[problem]);
    return OK;
}

static rc read_put(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_scim_put_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_scim_put_read(op->arena, r, 0, &row, err));
    return take_outcome(LIST_ENTRY(op, struct scim_put, op), &row.outcome, err);
}

static struct pg_texts texts_of(struct scim_texts texts)
{
    return (struct pg_texts){texts.items, texts.count};
}

static rc read_shut(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_scim_shut_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_scim_shut_read(op->arena, r, 0, &row, err));
    return take_outcome(LIST_ENTRY(op, struct scim_put, op), &row.outcome, err);
}

static void shut(struct scim_put *put, const char *operation)
{
    struct pg_params p = sql_scim_shut(
        put->op.arena, &(struct sql_scim_shut){.act = change_act(put->tenant, operation, &put->who),
                                               .was = put->was,
                                               .seen = put->seen,
                                               .id = put->id,
                                               .address = put->address,
                                               .display_name = put->display_name,
                                               .aliases = {put->aliases, put->alias_count},
                                               .name = put->name,
                                               .external_id = put->external_id,
                                               .document = put->document,
                                               .target = put->target});
    pg_submit_one(&put->op, &p, read_shut);
}

void scim_store_put(struct scim_put *put, const char *operation)
{
    if (put->kind == DIRECTORY_USER && put->is_disabled) {
        shut(put, operation);
        return;
    }
    struct pg_params p = sql_scim_put(
        put->op.arena, &(struct sql_scim_put){.act = change_act(put->tenant, operation, &put->who),
                                              .was = put->was,
                                              .seen = put->seen,
                                              .id = put->id,
                                              .kind = put->kind,
                                              .address = put->address,
                                              .display_name = put->display_name,
                                              .aliases = {put->aliases, put->alias_count},
                                              .disabled = put->is_disabled,
                                              .group_id = put->group_id,
                                              .name = put->name,
                                              .external_id = put->external_id,
                                              .document = put->document,
                                              .added = texts_of(put->added),
                                              .added_ids = texts_of(put->added_ids),
                                              .removed = texts_of(put->removed),
                                              .removed_ids = texts_of(put->removed_ids),
                                              .replaces = put->replaces,
                                              .target = put->target});
    pg_submit_one(&put->op, &p, read_put);
}

static rc read_deleted(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_scim_delete_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_scim_delete_read(op->arena, r, 0, &row, err));
    return take_outcome(LIST_ENTRY(op, struct scim_put, op), &row.outcome, err);
}

void scim_store_delete(struct scim_put *gone, const char *operation)
{
    struct pg_params p = sql_scim_delete(
        gone->op.arena,
        &(struct sql_scim_delete){.act = change_act(gone->tenant, operation, &gone->who),
                                  .address = gone->was,
                                  .seen = gone->seen,
                                  .kind = gone->kind,
                                  .target = gone->target});
    pg_submit_one(&gone->op, &p, read_deleted);
}

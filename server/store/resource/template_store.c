/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/template_store.h"

#include "store/resource/change_submit.h"

static void add_template(struct pg_params *p, const struct template_row *row)
{
    pg_add_uuid(p, row->id.u);
    pg_add_texts(p, row->scope, row->scope_count);
    pg_add_time(p, row->expires_at);
    pg_add_int4(p, row->expires_after_days);
    pg_add_int4(p, row->offline_days);
    pg_add_text(p, row->referral_contact);
    pg_add_texts(p, row->principals, row->grant_count);
    pg_add_texts(p, row->rights, row->grant_count);
    pg_add_texts(p, row->name_languages, row->name_count);
    pg_add_texts(p, row->name_texts, row->name_count);
    pg_add_texts(p, row->description_languages, row->description_count);
    pg_add_texts(p, row->description_texts, row->description_count);
}

void template_store_create(struct change_op *op, const struct template_row *row,
                           struct uuid request_id)
{
    struct pg_params p = change_params_of(op, "create_template");
    add_template(&p, row);
    pg_add_uuid_or_null(&p, request_id);
    change_submit(op, ST_create_template, &p, change_read_created);
}

void template_store_update(struct change_op *op, const struct template_row *row, int64_t version)
{
    struct pg_params p = change_params_of(op, "update_template");
    add_template(&p, row);
    pg_add_int8(&p, version);
    change_submit(op, ST_update_template, &p, change_read_created);
}

void template_store_archive(struct change_op *op, struct template_id id, bool archived)
{
    struct pg_params p = change_params_of(op, archived ? "archive_template" : "publish_template");
    pg_add_uuid(&p, id.u);
    pg_add_bool(&p, archived);
    change_submit(op, ST_archive_template, &p, change_read_created);
}

static rc read_deleted(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    TRY(change_read_done(base, index, r, err));
    bool is_used = pg_bool(r, 0, 0), is_gone = pg_int(r, 0, 1) == 1;
    ENSURE(is_gone || !is_used, err, R_PRECONDITION_FAILED);
    ENSURE(is_gone, err, R_NOT_FOUND);
    return OK;
}

void template_store_delete(struct change_op *op, struct template_id id, bool force)
{
    struct pg_params p = change_params_of(op, "delete_template");
    pg_add_uuid(&p, id.u);
    pg_add_bool(&p, force);
    change_submit(op, ST_delete_template, &p, read_deleted);
}

static rc read_template(struct arena *arena, const PGresult *r, int row, struct template_row *t,
                        struct err *err)
{
    size_t n;
    t->id.u = pg_uuid(r, row, 0);
    t->version = pg_int(r, row, 1);
    t->archived = pg_bool(r, row, 2);
    TRY(pg_texts(arena, r, row, 3, &t->scope, &t->scope_count, err));
    t->expires_at = pg_time(r, row, 4);
    t->expires_after_days = (int32_t)pg_int(r, row, 5);
    t->offline_days = (int32_t)pg_int(r, row, 6);
    TRY(pg_text(arena, r, row, 7, &t->referral_contact, err));
    TRY(pg_texts(arena, r, row, 8, &t->principals, &t->grant_count, err));
    TRY(pg_texts(arena, r, row, 9, &t->rights, &n, err));
    TRY(pg_texts(arena, r, row, 10, &t->name_languages, &t->name_count, err));
    TRY(pg_texts(arena, r, row, 11, &t->name_texts, &n, err));
    TRY(pg_texts(arena, r, row, 12, &t->description_languages, &t->description_count, err));
    TRY(pg_texts(arena, r, row, 13, &t->description_texts, &n, err));
    t->created_at = pg_time(r, row, 14);
    t->updated_at = pg_time(r, row, 15);
    return OK;
}

static rc read_templates(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    (void)index;
    op->template_count = (size_t)PQntuples(r);
    op->templates = ARENA_ARRAY(base->arena, struct template_row, op->template_count + 1);
    ARENA_ENSURE(op->templates, err);
    for (size_t i = 0; i < op->template_count; i++) {
        TRY(read_template(base->arena, r, (int)i, &op->templates[i], err));
    }
    return OK;
}

void template_store_list(struct change_op *op, struct template_id only, struct template_id after,
                         size_t limit)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_uuid(&p, op->scope.u);
    pg_add_uuid_or_null(&p, only.u);
    pg_add_uuid_or_null(&p, after.u);
    pg_add_int8(&p, (int64_t)limit);
    change_submit(op, ST_list_templates, &p, read_templates);
}

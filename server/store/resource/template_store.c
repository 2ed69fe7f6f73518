/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/template_store.h"

#include "store/resource/change_submit.h"

/* --- changes ---------------------------------------------------------------------------------- */

static struct sql_template values_of(const struct template_row *row)
{
    return (struct sql_template){
        .scope = {row->scope, row->scope_count},
        .expires_at = row->expires_at,
        .expires_after_days = row->expires_after_days,
        .offline_days = row->offline_days,
        .referral_contact = row->referral_contact,
        .grant_principals = {row->principals, row->grant_count},
        .grant_rights = {row->rights, row->grant_count},
        .name_languages = {row->name_languages, row->name_count},
        .name_texts = {row->name_texts, row->name_count},
        .description_languages = {row->description_languages, row->description_count},
        .description_texts = {row->description_texts, row->description_count},
    };
}

void template_store_create(struct change_op *op, const struct template_row *row)
{
    struct pg_params p = sql_create_template(
        op->op.arena, &(struct sql_create_template){.act = change_begin(op, "create_template"),
                                                    .template = row->id,
                                                    .values = values_of(row),
                                                    .archived = row->archived,
                                                    .max = TEMPLATES_MAX});
    change_submit(op, &p, change_read_done);
}

void template_store_update(struct change_op *op, const struct template_row *row)
{
    struct pg_params p = sql_update_template(
        op->op.arena, &(struct sql_update_template){.act = change_begin(op, "update_template"),
                                                    .template = row->id,
                                                    .values = values_of(row),
                                                    .mark = row->mark});
    change_submit(op, &p, change_read_done);
}

void template_store_archive(struct change_op *op, struct template_id id, bool archived)
{
    const char *operation = archived ? "archive_template" : "publish_template";
    struct pg_params p = sql_archive_template(
        op->op.arena, &(struct sql_archive_template){.act = change_begin(op, operation),
                                                     .template = id,
                                                     .archived = archived});
    change_submit(op, &p, change_read_done);
}

static rc read_deleted(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_delete_template_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_delete_template_read(base->arena, r, 0, &row, err));
    ENSURE(row.deleted == 1 || !row.is_used, err, R_PRECONDITION_FAILED);
    ENSURE(row.deleted == 1, err, R_NOT_FOUND);
    return OK;
}

void template_store_delete(struct change_op *op, struct template_id id, bool force)
{
    struct pg_params p = sql_delete_template(
        op->op.arena, &(struct sql_delete_template){.act = change_begin(op, "delete_template"),
                                                    .template = id,
                                                    .force = force});
    change_submit(op, &p, read_deleted);
}

/* --- reading ---------------------------------------------------------------------------------- */

static rc read_template(struct arena *arena, const PGresult *r, int i, struct template_row *out,
                        struct err *err)
{
    struct sql_list_templates_row row;
    TRY(sql_list_templates_read(arena, r, i, &row, err));
    ENSURE(row.grant_rights.count == row.grant_principals.count, err, R_DATABASE_ERROR);
    ENSURE(row.name_texts.count == row.name_languages.count, err, R_DATABASE_ERROR);
    ENSURE(row.description_texts.count == row.description_languages.count, err, R_DATABASE_ERROR);
    *out = (struct template_row){
        .id = row.template,
        .version = row.version,
        .mark = row.mark,
        .archived = row.archived,
        .scope = row.scope.items,
        .scope_count = row.scope.count,
        .expires_at = row.expires_at,
        .expires_after_days = row.expires_after_days,
        .offline_days = row.offline_days,
        .referral_contact = row.referral_contact,
        .principals = row.grant_principals.items,
        .rights = row.grant_rights.items,
        .grant_count = row.grant_principals.count,
        .name_languages = row.name_languages.items,
        .name_texts = row.name_texts.items,
        .name_count = row.name_languages.count,
        .description_languages = row.description_languages.items,
        .description_texts = row.description_texts.items,
        .description_count = row.description_languages.count,
        .created_at = row.created_at,
        .updated_at = row.updated_at,
    };
    return OK;
}

static rc read_templates(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    (void)index;
    op->template_count = (size_t)PQntuples(r);
    op->templates = ARENA_ARRAY(base->arena, struct template_row, op->template_count + 1);
    ARENA_ENSURE(op->templates, err);
    for (size_t i = 0; !pg_list_ends(base, i, &op->template_count); i++) {
        TRY(read_template(base->arena, r, (int)i, &op->templates[i], err));
    }
    return OK;
}

void template_store_list(struct change_op *op, struct template_id only, struct template_id after,
                         size_t limit)
{
    struct pg_params p = sql_list_templates(
        op->op.arena,
        &(struct sql_list_templates){
            .tenant = op->scope, .only = only, .after = after, .limit = (int64_t)limit});
    change_submit(op, &p, read_templates);
}

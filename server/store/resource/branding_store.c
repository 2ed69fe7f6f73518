/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/branding_store.h"

#include "store/resource/change_submit.h"

/* --- changes ---------------------------------------------------------------------------------- */

static struct sql_branding values_of(const struct branding_row *row)
{
    return (struct sql_branding){
        .display_name = row->display_name,
        .logo = row->logo,
        .background_color = row->background_color,
        .accent_color = row->accent_color,
        .privacy_url = row->privacy_url,
        .external_expiry_days = row->external_expiry_days,
        .sign_ins = (int32_t)row->sign_ins,
        .languages = {row->languages, row->text_count},
        .introductions = {row->introductions, row->text_count},
        .bodies = {row->bodies, row->text_count},
        .buttons = {row->buttons, row->text_count},
        .disclaimers = {row->disclaimers, row->text_count},
        .portal_texts = {row->portal_texts, row->text_count},
    };
}

void branding_store_create(struct change_op *op, const struct branding_row *row)
{
    struct pg_params p = sql_create_branding(
        op->op.arena, &(struct sql_create_branding){.act = change_begin(op, "create_branding"),
                                                    .branding = row->name,
                                                    .values = values_of(row),
                                                    .max = BRANDINGS_MAX});
    change_submit(op, &p, change_read_done);
}

void branding_store_update(struct change_op *op, const struct branding_row *row)
{
    struct pg_params p = sql_update_branding(
        op->op.arena, &(struct sql_update_branding){.act = change_begin(op, "update_branding"),
                                                    .branding = row->name,
                                                    .values = values_of(row),
                                                    .mark = row->mark,
                                                    .new_mark = mark_new()});
    change_submit(op, &p, change_read_done);
}

void branding_store_delete(struct change_op *op, const char *name, int64_t mark)
{
    struct pg_params p = sql_delete_branding(
        op->op.arena, &(struct sql_delete_branding){.act = change_begin(op, "delete_branding"),
                                                    .branding = name,
                                                    .mark = mark});
    change_submit(op, &p, change_read_done);
}

/* --- reading ---------------------------------------------------------------------------------- */

static rc begin_rows(struct change_op *op, const PGresult *r, struct err *err)
{
    op->branding_count = (size_t)PQntuples(r);
    op->brandings = ARENA_ARRAY(op->op.arena, struct branding_row, op->branding_count + 1);
    ARENA_ENSURE(op->brandings, err);
    return OK;
}

static rc read_branding(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    struct sql_get_branding_row row;
    (void)index;
    TRY(begin_rows(op, r, err));
    for (size_t i = 0; i < op->branding_count; i++) {
        TRY(sql_get_branding_read(base->arena, r, (int)i, &row, err));
        op->brandings[i] = (struct branding_row){
            .name = row.branding,
            .mark = row.mark,
            .display_name = row.display_name,
            .logo = row.logo,
            .background_color = row.background_color,
            .accent_color = row.accent_color,
            .privacy_url = row.privacy_url,
            .external_expiry_days = row.external_expiry_days,
            .sign_ins = (uint32_t)row.sign_ins,
            .languages = row.languages.items,
            .introductions = row.introductions.items,
            .bodies = row.bodies.items,
            .buttons = row.buttons.items,
            .disclaimers = row.disclaimers.items,
            .portal_texts = row.portal_texts.items,
            .text_count = row.languages.count,
            .created_at = row.created_at,
            .updated_at = row.updated_at,
        };
    }
    return OK;
}

void branding_store_get(struct change_op *op, const char *name)
{
    struct pg_params p =
        sql_get_branding(op->op.arena, &(struct sql_get_branding){op->scope, name});
    change_submit(op, &p, read_branding);
}

static rc read_look(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    struct sql_find_look_row row;
    (void)index;
    TRY(begin_rows(op, r, err));
    ENSURE(op->branding_count == 1, err, R_NOT_FOUND);
    TRY(sql_find_look_read(base->arena, r, 0, &row, err));
    op->text = row.tenant_name;
    op->brandings[0] = (struct branding_row){
        .name = row.branding,
        .display_name = row.display_name,
        .logo = row.logo,
        .background_color = row.background_color,
        .accent_color = row.accent_color,
        .privacy_url = row.privacy_url,
        .external_expiry_days = row.external_expiry_days,
        .languages = row.languages.items,
        .introductions = row.introductions.items,
        .bodies = row.bodies.items,
        .buttons = row.buttons.items,
        .disclaimers = row.disclaimers.items,
        .portal_texts = row.portal_texts.items,
        .text_count = row.languages.count,
    };
    return OK;
}

void branding_store_find_look(struct change_op *op, const char *name)
{
    struct pg_params p = sql_find_look(
        op->op.arena, &(struct sql_find_look){
                          .tenant = op->scope, .branding = name, .fallback = BRANDING_DEFAULT});
    change_submit(op, &p, read_look);
}

static rc read_brandings(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    struct sql_list_brandings_row row;
    (void)index;
    TRY(begin_rows(op, r, err));
    for (size_t i = 0; !pg_list_ends(base, i, &op->branding_count); i++) {
        TRY(sql_list_brandings_read(base->arena, r, (int)i, &row, err));
        op->brandings[i] = (struct branding_row){
            .name = row.branding,
            .mark = row.mark,
            .display_name = row.display_name,
            .background_color = row.background_color,
            .accent_color = row.accent_color,
            .privacy_url = row.privacy_url,
            .external_expiry_days = row.external_expiry_days,
            .sign_ins = (uint32_t)row.sign_ins,
            .languages = row.languages.items,
            .introductions = row.introductions.items,
            .bodies = row.bodies.items,
            .buttons = row.buttons.items,
            .disclaimers = row.disclaimers.items,
            .portal_texts = row.portal_texts.items,
            .text_count = row.languages.count,
            .created_at = row.created_at,
            .updated_at = row.updated_at,
        };
    }
    return OK;
}

void branding_store_list(struct change_op *op, const char *after, size_t limit)
{
    struct pg_params p = sql_list_brandings(
        op->op.arena,
        &(struct sql_list_brandings){.tenant = op->scope, .after = after, .limit = (int64_t)limit});
    change_submit(op, &p, read_brandings);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Customers' keys that enter (docs/policy.md §12.2). */
#include "store/resource/change_submit.h"
#include "store/resource/key_row.h"

static rc read_made(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_make_key_import_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_make_key_import_read(base->arena, r, 0, &row, err));
    LIST_ENTRY(base, struct change_op, op)->created_at = row.expires_at;
    return OK;
}

void key_store_make_import(struct change_op *op, struct uuid import, uint32_t root_version,
                           struct slice wrapped)
{
    struct pg_params p = sql_make_key_import(
        op->op.arena, &(struct sql_make_key_import){.act = change_begin(op, "get_import_key"),
                                                    .import = import,
                                                    .root_version = (int32_t)root_version,
                                                    .wrapped = wrapped,
                                                    .days = KEY_IMPORT_DAYS,
                                                    .most = KEY_IMPORTS_MAX});
    change_submit(op, &p, read_made);
}

static rc read_import(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_find_key_import_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_find_key_import_read(op->arena, r, 0, &row, err));
    LIST_ENTRY(op, struct key_import_find, op)->wrapped = row.wrapped;
    return OK;
}

void key_store_find_import(struct key_import_find *find)
{
    struct pg_params p =
        sql_find_key_import(find->op.arena, &(struct sql_find_key_import){.tenant = find->tenant,
                                                                          .import = find->import});
    pg_submit_one(&find->op, &p, read_import);
}

static rc read_imported(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct sql_import_key_row row;
    TRY(change_read_done(base, index, r, err));
    TRY(sql_import_key_read(base->arena, r, 0, &row, err));
    return key_row_keep(LIST_ENTRY(base, struct change_op, op), &row.key, err);
}

void key_store_import(struct change_op *op, struct uuid import, const struct key_rotation *rotation)
{
    struct pg_params p =
        sql_import_key(op->op.arena, &(struct sql_import_key){.act = change_begin(op, "import_key"),
                                                              .import = import,
                                                              .to = key_row_rotation(rotation),
                                                              .target = rotation->target});
    change_submit(op, &p, read_imported);
}

static rc read_swept(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct sql_sweep_key_imports_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_sweep_key_imports_read(op->arena, r, 0, &row, err));
    LIST_ENTRY(op, struct key_import_sweep, op)->count = row.swept;
    return OK;
}

void key_store_sweep_imports(struct key_import_sweep *sweep)
{
    struct pg_params p = sql_sweep_key_imports(
        sweep->op.arena, &(struct sql_sweep_key_imports){.max = KEY_IMPORTS_SWEPT_MAX});
    pg_submit_one(&sweep->op, &p, read_swept);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that leave (docs/policy.md §12.1). */
#include "store/resource/change_submit.h"
#include "store/resource/key_store.h"

static rc read_row(struct change_op *op, const PGresult *r, size_t index, struct err *err)
{
    struct key_exports *exports = op->exports;
    struct sql_export_keys_row row;
    TRY(sql_export_keys_read(op->op.arena, r, (int)index, &row, err));
    exports->boundary = row.boundary;
    exports->left_out = (uint32_t)row.left_out;
    exports->rows[index] = (struct key_export_row){.purpose = (enum key_purpose)row.purpose,
                                                   .version = (uint32_t)row.version,
                                                   .is_active = row.state == KEY_ACTIVE,
                                                   .wrapped = row.wrapped};
    return OK;
}

static rc read_exports(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct change_op *op = LIST_ENTRY(base, struct change_op, op);
    size_t count = (size_t)PQntuples(r);
    (void)index;
    ENSURE(count > 0, err, R_NOT_FOUND);
    op->exports = ARENA_NEW(base->arena, struct key_exports);
    ARENA_ENSURE(op->exports, err);
    *op->exports = (struct key_exports){
        .rows = ARENA_ARRAY(base->arena, struct key_export_row, count), .count = count};
    ARENA_ENSURE(op->exports->rows, err);
    for (size_t i = 0; i < count; i++) {
        TRY(read_row(op, r, i, err));
    }
    return OK;
}

void key_store_export(struct change_op *op, const struct key_export_order *order)
{
    struct pg_params p = sql_export_keys(
        op->op.arena, &(struct sql_export_keys){.act = change_begin(op, "export_keys"),
                                                .approval = order->approval,
                                                .request = order->request,
                                                .days = KEY_EXPORT_DAYS,
                                                .target = order->target});
    change_submit(op, &p, read_exports);
}

void key_store_allow_export(struct change_op *op, const char *target)
{
    struct pg_params p = sql_allow_export(
        op->op.arena,
        &(struct sql_allow_export){.act = change_begin(op, "export_keys"), .target = target});
    change_submit(op, &p, change_read_done);
}

void key_store_cancel_export(struct change_op *op, struct approval_id approval, const char *why)
{
    struct pg_params p = sql_cancel_export(
        op->op.arena, &(struct sql_cancel_export){.act = change_begin(op, "cancel_export"),
                                                  .approval = approval,
                                                  .days = KEY_EXPORT_DAYS,
                                                  .why = why});
    change_submit(op, &p, change_read_done);
}

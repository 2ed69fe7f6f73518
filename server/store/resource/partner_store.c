/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/partner_store.h"

#include "store/resource/change_submit.h"

void partner_store_propose(struct change_op *op, struct uuid id, struct tenant_id content,
                           struct tenant_id reader, const char *note)
{
    struct pg_params p =
        sql_propose_partner(op->op.arena, &(struct sql_propose_partner){
                                              .act = change_begin(op, "propose_partner_exception"),
                                              .exception = id,
                                              .content_tenant = content,
                                              .reader_tenant = reader,
                                              .max = PARTNERS_MAX,
                                              .note = note,
                                          });
    change_submit(op, &p, change_read_done);
}

void partner_store_accept(struct change_op *op, struct uuid id, const char *note)
{
    struct pg_params p =
        sql_accept_partner(op->op.arena, &(struct sql_accept_partner){
                                             .act = change_begin(op, "accept_partner_exception"),
                                             .exception = id,
                                             .max = PARTNERS_MAX,
                                             .note = note,
                                         });
    change_submit(op, &p, change_read_done);
}

void partner_store_withdraw(struct change_op *op, struct uuid id, const char *note)
{
    struct pg_params p = sql_withdraw_partner(
        op->op.arena, &(struct sql_withdraw_partner){
                          .act = change_begin(op, "withdraw_partner_exception"),
                          .exception = id,
                          .note = note,
                      });
    change_submit(op, &p, change_read_done);
}

static rc read_rows(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct partner_list *list = LIST_ENTRY(base, struct partner_list, op);
    (void)index;
    list->count = (size_t)PQntuples(r);
    struct partner_row *rows = ARENA_ARRAY(base->arena, struct partner_row, list->count + 1);
    ARENA_ENSURE(rows, err);
    for (size_t i = 0; !pg_list_ends(base, i, &list->count); i++) {
        struct sql_list_partners_row row;
        TRY(sql_list_partners_read(base->arena, r, (int)i, &row, err));
        rows[i] = (struct partner_row){.id = row.exception,
                                       .content_tenant = row.content_tenant,
                                       .reader_tenant = row.reader_tenant,
                                       .content_consents = row.content_consents,
                                       .reader_consents = row.reader_consents,
                                       .created_at = row.created_at};
    }
    list->rows = rows;
    return OK;
}

void partner_store_list(struct partner_list *list)
{
    struct pg_params p = sql_list_partners(
        list->op.arena, &(struct sql_list_partners){.tenant = list->tenant,
                                                    .only = list->only,
                                                    .after = list->after,
                                                    .limit = (int64_t)list->limit});
    pg_submit_one(&list->op, &p, read_rows);
}

/* --- denials ---------------------------------------------------------------------------------- */

void partner_store_deny(struct change_op *op, enum denial_side side, const char *partner)
{
    struct pg_params p =
        sql_add_denial(op->op.arena, &(struct sql_add_denial){.act = change_begin(op, "add_denial"),
                                                              .side = side,
                                                              .partner = partner,
                                                              .max = DENIALS_MAX});
    change_submit(op, &p, change_read_done);
}

void partner_store_allow(struct change_op *op, enum denial_side side, const char *partner)
{
    struct pg_params p = sql_remove_denial(
        op->op.arena, &(struct sql_remove_denial){.act = change_begin(op, "remove_denial"),
                                                  .side = side,
                                                  .partner = partner});
    change_submit(op, &p, change_read_done);
}

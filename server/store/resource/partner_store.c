/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/partner_store.h"

#include "store/resource/change_submit.h"

static struct pg_params begin(const struct change_op *op, const char *operation, struct uuid id)
{
    struct pg_params p = change_params_of(op, operation);
    pg_add_uuid(&p, id);
    return p;
}

void partner_store_propose(struct change_op *op, struct uuid id, struct tenant_id content,
                           struct tenant_id reader, const char *note)
{
    struct pg_params p = begin(op, "propose_partner_exception", id);
    pg_add_uuid(&p, content.u);
    pg_add_uuid(&p, reader.u);
    pg_add_int8(&p, PARTNERS_MAX);
    pg_add_text(&p, note);
    change_submit(op, ST_propose_partner, &p, change_read_limited);
}

void partner_store_accept(struct change_op *op, struct uuid id, const char *note)
{
    struct pg_params p = begin(op, "accept_partner_exception", id);
    pg_add_text(&p, note);
    change_submit(op, ST_accept_partner, &p, change_read_done);
}

void partner_store_withdraw(struct change_op *op, struct uuid id, const char *note)
{
    struct pg_params p = begin(op, "withdraw_partner_exception", id);
    pg_add_text(&p, note);
    change_submit(op, ST_withdraw_partner, &p, change_read_done);
}

static rc read_rows(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct partner_list *list = LIST_ENTRY(base, struct partner_list, op);
    struct arena *arena = base->arena;
    (void)index;
    list->count = (size_t)PQntuples(r);
    struct partner_row *rows = ARENA_ARRAY(arena, struct partner_row, list->count + 1);
    ARENA_ENSURE(rows, err);
    for (size_t i = 0; i < list->count; i++) {
        rows[i].id = pg_uuid(r, (int)i, 0);
        TRY(pg_text(arena, r, (int)i, 1, &rows[i].content_tenant, err));
        TRY(pg_text(arena, r, (int)i, 2, &rows[i].reader_tenant, err));
        rows[i].content_consents = pg_bool(r, (int)i, 3);
        rows[i].reader_consents = pg_bool(r, (int)i, 4);
        rows[i].created_at = pg_time(r, (int)i, 5);
    }
    list->rows = rows;
    return OK;
}

void partner_store_list(struct partner_list *list)
{
    struct pg_params p;
    pg_params_init(&p, list->op.arena);
    pg_add_uuid(&p, list->tenant.u);
    pg_add_uuid_or_null(&p, list->only);
    pg_add_uuid_or_null(&p, list->after);
    pg_add_int8(&p, (int64_t)list->limit);
    pg_submit_one(&list->op, ST_list_partners, &p, read_rows);
}

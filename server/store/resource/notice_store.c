/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/notice_store.h"

#include "base/clock.h"
#include "base/texts.h"
#include "domain/values/tenant.h"
#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

static struct notice_row row_from(const struct sql_claim_notices_row *row)
{
    return (struct notice_row){.notice = row->notice,
                               .content = row->content,
                               .owner = row->owner,
                               .display_name = row->display_name,
                               .is_over = row->is_over,
                               .is_too_many = row->is_too_many,
                               .opened = row->opened,
                               .refused = row->refused,
                               .events = row->events.items,
                               .event_count = row->events.count,
                               .tries = (uint32_t)row->mail_tries};
}

static rc read_claimed(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct notice_claim *claim = LIST_ENTRY(op, struct notice_claim, op);
    size_t count = (size_t)PQntuples(r);
    (void)index;
    claim->after = TENANT_PLATFORM;
    claim->rows = ARENA_ARRAY(op->arena, struct notice_row, count + 1);
    ARENA_ENSURE(claim->rows, err);
    for (size_t i = 0; i < count; i++) {
        struct sql_claim_notices_row row;
        TRY(sql_claim_notices_read(op->arena, r, (int)i, &row, err));
        claim->rows[i] = row_from(&row);
        claim->after = row.seen;
    }
    claim->count = count;
    return OK;
}

void notice_store_claim(struct notice_claim *claim, const char *const *served, size_t max,
                        int32_t lease_s)
{
    struct pg_params p =
        sql_claim_notices(claim->op.arena, &(struct sql_claim_notices){
                                               .served = {served, texts_count(served)},
                                               .after = claim->after,
                                               .look_max = NOTICE_TENANTS_MAX,
                                               .max = (int64_t)max,
                                               .lease_s = lease_s,
                                               .of_owner_max = NOTICES_OF_OWNER_MAX,
                                               .named_max = NOTICE_EVENTS_MAX,
                                               .counted_max = NOTICE_COUNTED_MAX,
                                               .switch_bit = TENANT_NOTIFIES_OWNERS,
                                           });
    pg_submit_one(&claim->op, &p, read_claimed);
}

void notice_store_settle(struct store_op *op, struct uuid notice, enum mail_state state,
                         int32_t wait_s, enum reason reason, const char *target)
{
    struct pg_params p = sql_settle_notice(
        op->arena,
        &(struct sql_settle_notice){.notice = notice,
                                    .event = {uuid_v7(clock_unix_us())},
                                    .state = (int16_t)state,
                                    .wait_s = wait_s,
                                    .reason = reason == R_NONE ? "OK" : reason_info(reason)->name,
                                    .target = target});
    pg_submit_one(op, &p, pg_read_nothing);
}

static rc read_swept(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct notice_sweep *sweep = LIST_ENTRY(op, struct notice_sweep, op);
    struct sql_sweep_notices_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_sweep_notices_read(op->arena, r, 0, &row, err));
    sweep->count = row.swept;
    return OK;
}

void notice_store_sweep(struct notice_sweep *sweep)
{
    struct pg_params p =
        sql_sweep_notices(sweep->op.arena, &(struct sql_sweep_notices){.keep_s = NOTICE_KEPT_S,
                                                                       .max = NOTICES_SWEPT_MAX});
    pg_submit_one(&sweep->op, &p, read_swept);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/quota_store.h"

#include <string.h>

#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

static rc read_lease(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct quota_lease_op *lease = LIST_ENTRY(op, struct quota_lease_op, op);
    struct sql_lease_quota_row row;
    (void)index;
    lease->is_limited = PQntuples(r) > 0;
    if (!lease->is_limited) {
        return OK;
    }
    TRY(sql_lease_quota_read(op->arena, r, 0, &row, err));
    lease->most = row.most;
    lease->used = row.used;
    lease->granted = row.granted;
    lease->begins = row.begins;
    lease->left_us = row.left_us;
    return OK;
}

void quota_store_lease(struct quota_lease_op *op)
{
    struct pg_params p = sql_lease_quota(
        op->op.arena, &(struct sql_lease_quota){
                          .tenant = op->tenant, .quota = (int16_t)op->quota, .wanted = op->wanted});
    pg_submit_one(&op->op, &p, read_lease);
}

void quota_store_return(struct store_op *op, struct tenant_id tenant, enum quota quota,
                        int64_t begins, int64_t unspent)
{
    struct pg_params p = sql_return_quota(
        op->arena,
        &(struct sql_return_quota){
            .tenant = tenant, .quota = (int16_t)quota, .begins = begins, .unspent = unspent});
    pg_submit_one(op, &p, pg_read_nothing);
}

static rc read_rates(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct rate_exchange *exchange = LIST_ENTRY(op, struct rate_exchange, op);
    size_t count = (size_t)PQntuples(r);
    struct rate_use *others = ARENA_ARRAY(op->arena, struct rate_use, count + 1);
    (void)index;
    ARENA_ENSURE(others, err);
    for (size_t i = 0; i < count; i++) {
        struct sql_exchange_rates_row row;
        TRY(sql_exchange_rates_read(op->arena, r, (int)i, &row, err));
        others[i] = (struct rate_use){.bucket = row.bucket, .demand = row.others};
    }
    exchange->others = others;
    exchange->count = count;
    return OK;
}

void quota_store_exchange_rates(struct rate_exchange *exchange, struct uuid worker,
                                const struct rate_use *uses, size_t count)
{
    struct arena *arena = exchange->op.arena;
    struct sql_rate_use *rows = ARENA_ARRAY(arena, struct sql_rate_use, count + 1);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        rows[i] = (struct sql_rate_use){.bucket = uses[i].bucket, .demand = uses[i].demand};
    }
    struct pg_params p = sql_exchange_rates(
        arena,
        &(struct sql_exchange_rates){.worker = worker, .uses = {rows, rows == NULL ? 0 : count}});
    pg_submit_one(&exchange->op, &p, read_rates);
}

static rc read_made(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct made_content_op *found = LIST_ENTRY(op, struct made_content_op, op);
    struct sql_find_made_content_row row;
    (void)index;
    if (PQntuples(r) == 0) {
        return OK;
    }
    TRY(sql_find_made_content_read(op->arena, r, 0, &row, err));
    found->made = (struct gate_made){.content = row.content,
                                     .key_version = (uint32_t)row.key_version,
                                     .made_at = row.created_at,
                                     .now = row.now};
    if (row.request_hash.len == sizeof found->made.request_hash) {
        memcpy(found->made.request_hash, row.request_hash.ptr, sizeof found->made.request_hash);
    }
    return OK;
}

void quota_store_find_made(struct made_content_op *op, struct tenant_id tenant,
                           struct uuid request_id)
{
    op->made = (struct gate_made){0};
    struct pg_params p = sql_find_made_content(
        op->op.arena, &(struct sql_find_made_content){.tenant = tenant, .request_id = request_id});
    pg_submit_one(&op->op, &p, read_made);
}

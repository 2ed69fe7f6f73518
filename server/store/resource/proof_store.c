/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/proof_store.h"

#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

static rc read_claim(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct proof_claim *claim = LIST_ENTRY(op, struct proof_claim, op);
    (void)index;
    (void)err;
    claim->is_first = PQntuples(r) == 1;
    return OK;
}

void proof_store_claim(struct proof_claim *claim, const uint8_t id[32], int32_t keep_s)
{
    struct pg_params p = sql_claim_proof(
        claim->op.arena, &(struct sql_claim_proof){.proof = slice_of(id, 32), .keep_s = keep_s});
    pg_submit_one(&claim->op, &p, read_claim);
}

static rc read_sweep(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct proof_sweep *sweep = LIST_ENTRY(op, struct proof_sweep, op);
    struct sql_sweep_proofs_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_sweep_proofs_read(op->arena, r, 0, &row, err));
    sweep->count = row.swept;
    return OK;
}

void proof_store_sweep(struct proof_sweep *sweep)
{
    struct pg_params p =
        sql_sweep_proofs(sweep->op.arena, &(struct sql_sweep_proofs){.max = PROOFS_SWEPT_MAX});
    pg_submit_one(&sweep->op, &p, read_sweep);
}

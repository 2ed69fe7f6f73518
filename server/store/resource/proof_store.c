/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/proof_store.h"

#include "store/pg/pg_submit.h"

static rc read_claim(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct proof_claim *claim = LIST_ENTRY(op, struct proof_claim, op);
    (void)index;
    (void)err;
    claim->is_first = PQntuples(r) == 1;
    return OK;
}

void proof_store_claim(struct proof_claim *claim, const uint8_t id[32], int64_t expires_at)
{
    struct pg_params p;
    pg_params_init(&p, claim->op.arena);
    pg_add_bytes(&p, slice_of(id, 32));
    pg_add_time(&p, expires_at);
    pg_submit_one(&claim->op, ST_claim_proof, &p, read_claim);
}

static rc read_sweep(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct proof_sweep *sweep = LIST_ENTRY(op, struct proof_sweep, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    sweep->count = pg_int(r, 0, 0);
    return OK;
}

void proof_store_sweep(struct proof_sweep *sweep)
{
    struct pg_params p;
    pg_params_init(&p, sweep->op.arena);
    pg_add_int8(&p, PROOFS_SWEPT_MAX);
    pg_submit_one(&sweep->op, ST_sweep_proofs, &p, read_sweep);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/replication_store.h"

#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

static rc read_row(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct replication *found = LIST_ENTRY(op, struct replication, op);
    struct sql_read_replication_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_read_replication_read(op->arena, r, 0, &row, err));
    found->promise = row.promise;
    found->standbys = row.standbys;
    found->example = row.example;
    found->synchronous = row.synchronous;
    return OK;
}

void replication_store_read(struct replication *replication)
{
    struct pg_params p = sql_read_replication(replication->op.arena);
    pg_submit_one(&replication->op, &p, read_row);
}

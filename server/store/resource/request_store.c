/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/request_store.h"

#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

static rc read_request(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct request_find *find = LIST_ENTRY(op, struct request_find, op);
    struct sql_find_request_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_find_request_read(op->arena, r, 0, &row, err));
    find->made = row.made;
    find->hash = row.request_hash;
    return OK;
}

void request_store_find(struct request_find *find)
{
    struct pg_params p =
        sql_find_request(find->op.arena, &(struct sql_find_request){.tenant = find->tenant,
                                                                    .request = find->request});
    pg_submit_one(&find->op, &p, read_request);
}

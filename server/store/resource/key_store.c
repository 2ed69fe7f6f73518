/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/key_store.h"

#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

/* No row: another worker was first by so little that its row is not in our snapshot. Whoever asks
 * asks again. */
static rc read_check(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct root_key_check *check = LIST_ENTRY(op, struct root_key_check, op);
    struct sql_root_key_check_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    TRY(sql_root_key_check_read(op->arena, r, 0, &row, err));
    check->wrapped = row.wrapped;
    return OK;
}

void key_store_check_root(struct root_key_check *check, struct slice wrapped)
{
    struct pg_params p =
        sql_root_key_check(check->op.arena, &(struct sql_root_key_check){.wrapped = wrapped});
    pg_submit_one(&check->op, &p, read_check);
}

static rc read_tenant_signing(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct tenant_signing_keys *keys = LIST_ENTRY(op, struct tenant_signing_keys, op);
    (void)index;
    keys->authority_url = "";
    keys->count = (size_t)PQntuples(r);
    keys->jwks = ARENA_ARRAY(op->arena, const char *, keys->count + 1);
    ARENA_ENSURE(keys->jwks, err);
    for (size_t i = 0; i < keys->count; i++) {
        struct sql_tenant_signing_keys_row row;
        TRY(sql_tenant_signing_keys_read(op->arena, r, (int)i, &row, err));
        keys->authority_url = row.authority_url;
        keys->jwks[i] = row.public_jwk;
    }
    return OK;
}

void key_store_tenant_signing(struct tenant_signing_keys *keys, struct tenant_id tenant,
                              const char *const *boundaries, size_t count)
{
    struct pg_params p = sql_tenant_signing_keys(
        keys->op.arena,
        &(struct sql_tenant_signing_keys){.tenant = tenant, .boundaries = {boundaries, count}});
    pg_submit_one(&keys->op, &p, read_tenant_signing);
}

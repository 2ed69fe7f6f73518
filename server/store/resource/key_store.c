/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/key_store.h"

#include "store/pg/pg_submit.h"

/* No row: another worker was first by so little that its row is not in our snapshot. Whoever asks asks again. */
static rc read_check(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct root_key_check *check = LIST_ENTRY(op, struct root_key_check, op);
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_NOT_FOUND);
    return pg_bytes(op->arena, r, 0, 0, &check->wrapped, err);
}

void key_store_check_root(struct root_key_check *check, struct slice wrapped)
{
    struct pg_params p;
    pg_params_init(&p, check->op.arena);
    pg_add_bytes(&p, wrapped);
    pg_submit_one(&check->op, ST_root_key_check, &p, read_check);
}

static rc read_signing_keys(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct signing_keys *keys = LIST_ENTRY(op, struct signing_keys, op);
    (void)index;
    keys->count = (size_t)PQntuples(r);
    keys->jwks = ARENA_ARRAY(op->arena, const char *, keys->count + 1);
    ARENA_ENSURE(keys->jwks, err);
    for (size_t i = 0; i < keys->count; i++) {
        TRY(pg_text(op->arena, r, (int)i, 0, &keys->jwks[i], err));
    }
    return OK;
}

void key_store_list_signing(struct signing_keys *keys, const char *const *boundaries, size_t count)
{
    struct pg_params p;
    pg_params_init(&p, keys->op.arena);
    pg_add_texts(&p, boundaries, count);
    pg_submit_one(&keys->op, ST_list_signing_keys, &p, read_signing_keys);
}

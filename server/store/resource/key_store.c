/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/key_store.h"

#include "store/resource/change_submit.h"

static rc read_check(struct store_op *base, size_t index, const PGresult *r, struct err *err)
{
    struct admin_op *op = LIST_ENTRY(base, struct admin_op, op);
    TRY(admin_read_done(base, index, r, err));
    return pg_bytes(base->arena, r, 0, 0, &op->wrapped, err);
}

void admin_root_key_check(struct admin_op *op, struct slice wrapped)
{
    struct pg_params p;
    pg_params_init(&p, op->op.arena);
    pg_add_bytes(&p, wrapped);
    admin_submit(op, ST_root_key_check, &p, read_check);
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

void signing_keys_submit(struct signing_keys *keys, const char *const *boundaries, size_t count)
{
    struct pg_params p;
    pg_params_init(&p, keys->op.arena);
    pg_add_texts(&p, boundaries, count);
    pg_submit_one(&keys->op, ST_list_signing_keys, &p, read_signing_keys);
}

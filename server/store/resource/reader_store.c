/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/reader_store.h"

#include "store/pg/pg_result.h"
#include "store/pg/pg_submit.h"

static rc read_readers(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct readers_find *find = LIST_ENTRY(op, struct readers_find, op);
    size_t rows = (size_t)PQntuples(r);
    (void)index;
    ENSURE(rows > 0, err, R_DATABASE_ERROR);
    find->is_stale = pg_bool(r, 0, 0);
    find->count = pg_is_null(r, 0, 1) ? 0 : rows;
    find->rows = ARENA_ARRAY(op->arena, struct address_reader, find->count + 1);
    ARENA_ENSURE(find->rows, err);
    for (size_t i = 0; i < find->count; i++) {
        struct address_reader *row = &find->rows[i];
        TRY(pg_text(op->arena, r, (int)i, 1, &row->address, err));
        row->reader.tenant.u = pg_uuid(r, (int)i, 2);
        TRY(pg_text(op->arena, r, (int)i, 3, &row->reader.boundary, err));
        if (pg_bool(r, (int)i, 4)) {
            row->reader.tenant = TENANT_PLATFORM; /* a guest is no member */
        }
    }
    return OK;
}

void reader_store_find(struct readers_find *find, const struct gate_scope *scopes,
                       size_t scope_count, const char *const *addresses, size_t address_count,
                       const char *const *served)
{
    size_t served_count = 0;
    struct pg_params p;
    struct pg_array array;
    pg_params_init(&p, find->op.arena);
    pg_array_begin(&array, &p, PG_UUID, scope_count, scope_count * UUID_BYTES);
    for (size_t i = 0; i < scope_count; i++) {
        pg_array_bytes(&array, scopes[i].scope.b, UUID_BYTES);
    }
    pg_array_end(&array);
    pg_array_begin(&array, &p, PG_INT8, scope_count, scope_count * 8);
    for (size_t i = 0; i < scope_count; i++) {
        pg_array_int8(&array, scopes[i].epoch);
    }
    pg_array_end(&array);
    pg_add_texts(&p, addresses, address_count);
    while (served[served_count] != NULL) {
        served_count++;
    }
    pg_add_texts(&p, served, served_count);
    pg_submit_one(&find->op, ST_find_readers, &p, read_readers);
}

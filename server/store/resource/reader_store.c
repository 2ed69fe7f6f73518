/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/reader_store.h"

#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

/* The first row is there always; its address is NULL when nobody was found. A guest is not a
 * member. */
static rc read_readers(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct readers_find *find = LIST_ENTRY(op, struct readers_find, op);
    size_t rows = (size_t)PQntuples(r);
    (void)index;
    ENSURE(rows > 0, err, R_DATABASE_ERROR);
    find->rows = ARENA_ARRAY(op->arena, struct address_reader, rows);
    ARENA_ENSURE(find->rows, err);
    find->count = 0;
    for (size_t i = 0; i < rows; i++) {
        struct sql_find_readers_row row;
        TRY(sql_find_readers_read(op->arena, r, (int)i, &row, err));
        find->is_stale = row.is_stale;
        if (row.address != NULL) {
            find->rows[find->count++] = (struct address_reader){
                .address = row.address,
                .reader = {.boundary = row.boundary,
                           .tenant = row.is_guest ? TENANT_PLATFORM : row.tenant}};
        }
    }
    return OK;
}

static struct pg_texts list_of(const char *const *null_terminated)
{
    size_t count = 0;
    while (null_terminated[count] != NULL) {
        count++;
    }
    return (struct pg_texts){null_terminated, count};
}

void reader_store_find(struct readers_find *find, const struct gate_scope *scopes,
                       size_t scope_count, const char *const *addresses, size_t address_count,
                       const char *const *served)
{
    struct arena *arena = find->op.arena;
    struct sql_known_epoch *known = ARENA_ARRAY(arena, struct sql_known_epoch, scope_count + 1);
    for (size_t i = 0; known != NULL && i < scope_count; i++) {
        known[i] = (struct sql_known_epoch){.scope = scopes[i].scope, .epoch = scopes[i].epoch};
    }
    struct pg_params p =
        sql_find_readers(arena, &(struct sql_find_readers){.known = {known, scope_count},
                                                           .addresses = {addresses, address_count},
                                                           .served = list_of(served)});
    pg_submit_one(&find->op, &p, read_readers);
}

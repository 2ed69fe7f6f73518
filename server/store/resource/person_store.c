/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/person_store.h"

#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

static rc begin_reading(struct person_find *find, const PGresult *r, struct err *err)
{
    ENSURE((size_t)PQntuples(r) == find->count, err, R_DATABASE_ERROR);
    find->people = ARENA_ARRAY(find->op.arena, struct person_addresses, find->count + 1);
    ARENA_ENSURE(find->people, err);
    return OK;
}

static rc read_people(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct person_find *find = LIST_ENTRY(op, struct person_find, op);
    (void)index;
    TRY(begin_reading(find, r, err));
    for (size_t i = 0; i < find->count; i++) {
        struct sql_find_people_row row;
        TRY(sql_find_people_read(op->arena, r, (int)i, &row, err));
        find->people[i] =
            (struct person_addresses){.items = row.addresses.items, .count = row.addresses.count};
    }
    return OK;
}

static rc read_groups(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct person_find *find = LIST_ENTRY(op, struct person_find, op);
    (void)index;
    TRY(begin_reading(find, r, err));
    for (size_t i = 0; i < find->count; i++) {
        struct sql_find_groups_row row;
        TRY(sql_find_groups_read(op->arena, r, (int)i, &row, err));
        find->people[i] =
            (struct person_addresses){.items = row.addresses.items, .count = row.addresses.count};
    }
    return OK;
}

void person_store_find(struct person_find *find)
{
    struct pg_params p = sql_find_people(
        find->op.arena, &(struct sql_find_people){.addresses = {find->named, find->count}});
    pg_submit_one(&find->op, &p, read_people);
}

void person_store_find_groups(struct person_find *find)
{
    struct pg_params p = sql_find_groups(
        find->op.arena, &(struct sql_find_groups){.addresses = {find->named, find->count}});
    pg_submit_one(&find->op, &p, read_groups);
}

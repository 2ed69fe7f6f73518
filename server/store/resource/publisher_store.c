/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/publisher_store.h"

#include "store/resource/change_submit.h"

void publisher_store_revoke(struct change_op *op, const char *publisher, const char *reason)
{
    struct pg_params p = sql_revoke_publisher(
        op->op.arena, &(struct sql_revoke_publisher){.act = change_begin(op, "revoke_publisher"),
                                                     .publisher = publisher,
                                                     .reason = reason,
                                                     .max = PUBLISHER_REVOCATIONS_MAX});
    change_submit(op, &p, change_read_done);
}

static rc read_standing(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct publisher_find *find = LIST_ENTRY(op, struct publisher_find, op);
    struct sql_find_publisher_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_find_publisher_read(op->arena, r, 0, &row, err));
    find->is_registered = row.is_registered;
    find->is_revoked = row.is_revoked;
    find->names = row.all_names.items;
    find->name_count = row.all_names.count;
    return OK;
}

/* By all names by which certificates are taken back. */
static struct pg_texts names_of(struct arena *arena, const struct publisher *publisher)
{
    enum { IDS = 3 };
    size_t count = 0;
    const char **names =
        ARENA_ARRAY(arena, const char *, IDS + publisher->address_count + publisher->other_count);
    char *serial = arena_alloc(arena, UUID_TEXT_BYTES);
    char *component = arena_alloc(arena, UUID_TEXT_BYTES);
    if (names == NULL || serial == NULL || component == NULL) {
        return (struct pg_texts){NULL, 0};
    }
    uuid_format(publisher->serial, serial);
    uuid_format(publisher->component.u, component);
    names[count++] = serial;
    names[count++] = publisher->name;
    if (!ID_IS_ZERO(publisher->component)) {
        names[count++] = component;
    }
    for (size_t i = 0; i < publisher->address_count; i++) {
        names[count++] = publisher->addresses[i];
    }
    for (size_t i = 0; i < publisher->other_count; i++) {
        names[count++] = publisher->others[i];
    }
    return (struct pg_texts){names, count};
}

/* Of names for which there was no memory none would be looked for, and so none found. */
static void submit(struct store_op *op, const struct pg_params *p, pg_reader read)
{
    if (arena_is_exceeded(op->arena)) {
        pg_fail_later(op, R_ARENA_EXHAUSTED, "names");
        return;
    }
    pg_submit_one(op, p, read);
}

void publisher_store_find(struct publisher_find *find, const struct publisher *publisher,
                          struct content_id content)
{
    struct arena *arena = find->op.arena;
    struct pg_params p = sql_find_publisher(
        arena, &(struct sql_find_publisher){.tenant = publisher->tenant,
                                            .content = content,
                                            .named = names_of(arena, publisher),
                                            .component = publisher->component,
                                            .issued_at = uuid_v7_ms(publisher->serial) * 1000});
    submit(&find->op, &p, read_standing);
}

static rc read_date(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct publisher_date *date = LIST_ENTRY(op, struct publisher_date, op);
    struct sql_date_publisher_row row;
    (void)index;
    ENSURE(PQntuples(r) == 1, err, R_DATABASE_ERROR);
    TRY(sql_date_publisher_read(op->arena, r, 0, &row, err));
    date->issued_at = row.issued_at;
    return OK;
}

void publisher_store_date(struct publisher_date *date, const struct publisher *publisher)
{
    struct arena *arena = date->op.arena;
    struct pg_params p = sql_date_publisher(
        arena, &(struct sql_date_publisher){.tenant = publisher->tenant,
                                            .named = names_of(arena, publisher)});
    submit(&date->op, &p, read_date);
}

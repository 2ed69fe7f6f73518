/* SPDX-License-Identifier: Apache-2.0 */
#include "store/resource/reader_store.h"

#include "base/texts.h"
#include "domain/values/address.h"
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
                           .tenant = row.is_guest ? TENANT_PLATFORM : row.tenant,
                           .tenant_name = row.name,
                           .is_kept_away = row.is_kept_away}};
        }
    }
    return OK;
}

static struct pg_texts list_of(const char *const *null_terminated)
{
    return (struct pg_texts){null_terminated, texts_count(null_terminated)};
}

void reader_store_find(struct readers_find *find, const struct readers_question *q)
{
    struct arena *arena = find->op.arena;
    struct sql_known_epoch *known = ARENA_ARRAY(arena, struct sql_known_epoch, q->scope_count + 1);
    for (size_t i = 0; known != NULL && i < q->scope_count; i++) {
        known[i] =
            (struct sql_known_epoch){.scope = q->scopes[i].scope, .epoch = q->scopes[i].epoch};
    }
    struct pg_params p = sql_find_readers(
        arena, &(struct sql_find_readers){.known = {known, q->scope_count},
                                          .addresses = {q->addresses, q->address_count},
                                          .served = list_of(q->served),
                                          .sender_tenant = q->tenant->name,
                                          .sender_domain = address_domain(q->sender)});
    pg_submit_one(&find->op, &p, read_readers);
}

/* --- names of recipients ---------------------------------------------------------------------- */

static rc read_names(struct store_op *op, size_t index, const PGresult *r, struct err *err)
{
    struct recipients_find *find = LIST_ENTRY(op, struct recipients_find, op);
    size_t rows = (size_t)PQntuples(r);
    (void)index;
    ENSURE(rows > 0, err, R_DATABASE_ERROR);
    find->rows = ARENA_ARRAY(op->arena, struct recipient_name, rows);
    ARENA_ENSURE(find->rows, err);
    for (size_t i = 0; i < rows; i++) {
        struct sql_find_recipient_names_row row;
        TRY(sql_find_recipient_names_read(op->arena, r, (int)i, &row, err));
        find->epoch = row.epoch;
        if (row.recipient != NULL) {
            find->rows[find->count++] = (struct recipient_name){
                row.recipient, (enum recipient_name_kind)row.kind, row.name};
        }
    }
    return OK;
}

void reader_store_find_names(struct recipients_find *find, const struct recipients_question *q)
{
    struct pg_params p = sql_find_recipient_names(
        find->op.arena, &(struct sql_find_recipient_names){
                            .tenant = q->tenant->id,
                            .addresses = {q->addresses, q->address_count},
                            .groups = {q->groups, q->group_count},
                            .users = {q->users, q->user_count},
                            .domains = {q->domains, q->domain_count},
                            .verified = {q->tenant->domains, q->tenant->domain_count},
                            .served = list_of(q->served)});
    find->count = 0;
    find->op.party = q->tenant->id.u; /* it takes as long as the groups make it */
    pg_submit_one(&find->op, &p, read_names);
}

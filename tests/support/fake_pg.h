/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in for server/store/pg/pg_submit.c, so that what sends statements can be tested
 * without PostgreSQL: a test that has fake_pg.c among its SOURCES is linked with the functions
 * there. Everything above them is the real code: parameters are encoded and rows are decoded as
 * ever.
 *
 * A test says what each statement will be answered, by its name, and runs the loop. Rows are the
 * structures that scripts/gen-statements makes, so a test does not compile when the SQL's
 * columns change. A statement that nobody expects fails the test; so does an answer that nobody
 * asked for. */
#pragma once

#include "chancery_test.h"

#include "store/pg/pg_submit.h"
#include "store/sql/statements.gen.h"

struct fake_pg;

struct fake_pg *fake_pg_new(struct loop *loop);
/* Fails the test when an answer is left. */
void fake_pg_free(struct fake_pg *fake);
/* For store_op_init and whatever else wants a store. */
struct store *fake_pg_store(struct fake_pg *fake);

/* --- answers: to the next, then the next but one … statement of that name --------------------- */

enum { FAKE_PG_PARTS = 3 }; /* a row's own structure, and groups of columns that are read apart */

struct fake_pg_rows {
    size_t count;
    struct fake_pg_part {
        const void *items; /* NULL: the columns are NULL */
        size_t size;       /* of one */
    } parts[FAKE_PG_PARTS];
};
void fake_pg_answer(struct fake_pg *fake, const char *statement, const struct fake_pg_rows *rows);
/* So many rows, with all columns NULL: of acts, whose rows only say that they matched. */
void fake_pg_matched(struct fake_pg *fake, const char *statement, size_t count);
/* An error with this SQLSTATE; "lost": the connection, so that nobody knows the outcome. */
void fake_pg_fail(struct fake_pg *fake, const char *statement, const char *sqlstate);

/* Answer nothing more until told to go on. */
void fake_pg_hold(struct fake_pg *fake);
void fake_pg_go_on(struct fake_pg *fake);

/* FAKE_PG_ROWS(fake, list_tenants, {.tenant = {.name = "contoso"}}, {…}): these rows. */
#define FAKE_PG_ROWS(fake, statement, ...)                                                      \
    fake_pg_answer((fake), #statement,                                                          \
                   &(struct fake_pg_rows){                                                      \
                       .count = sizeof((const struct sql_##statement##_row[]){__VA_ARGS__}) /   \
                                sizeof(struct sql_##statement##_row),                           \
                       .parts = {{.items = (const struct sql_##statement##_row[]){__VA_ARGS__}, \
                                  .size = sizeof(struct sql_##statement##_row)}}})

/* --- what was sent ---------------------------------------------------------------------------- */

/* The names of all statements so far, spaces between; "|" where an operation ends. */
const char *fake_pg_sent(const struct fake_pg *fake);
/* A parameter of the statement of that name that was sent last, in PostgreSQL's binary format;
 * no pointer: NULL. Names as in the SQL: "limit", "act.operation". */
struct slice fake_pg_param(const struct fake_pg *fake, const char *statement, const char *param);
/* The same of a number. */
int64_t fake_pg_param_int(const struct fake_pg *fake, const char *statement, const char *param);

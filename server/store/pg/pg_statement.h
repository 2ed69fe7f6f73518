/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: every SQL statement of the server, as a table that
 * scripts/gen-statements makes of server/store/sql/. It says where each parameter and each
 * column lies in its C structure, so one function binds all parameters (pg_params.h) and one
 * reads all rows (pg_result.h). */
#pragma once

#include <libpq-fe.h>
#include <stdint.h>

#include "store/pg/store.h"

/* Types of values by their numbers in PostgreSQL (src/include/catalog/pg_type.dat). */
enum pg_type {
    PG_UNREAD = 0, /* a column that nobody reads */
    PG_BOOL = 16,
    PG_BYTEA = 17,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_TIMESTAMPTZ = 1184,
    PG_UUID = 2950,
};

/* What every array looks like in C: of texts, of numbers, or of the structs of a group. */
struct pg_list {
    const void *items;
    size_t count;
};
/* The same with a type. */
struct pg_texts {
    const char *const *items;
    size_t count;
};
struct pg_int8s {
    const int64_t *items;
    size_t count;
};
struct pg_byteas {
    const struct slice *items;
    size_t count;
};

/* A parameter or a column, and where it lies. */
struct pg_field {
    const char *name;
    enum pg_type type; /* of an element, where it is an array */
    uint16_t offset;   /* in the structure, or in an element of the list */
    uint16_t list;     /* where the struct pg_list lies, if stride is not 0 */
    uint16_t stride;   /* bytes of an element; 0: no array */
    bool is_nullable;
    uint8_t
        apart; /* of a column: 0 lies in the row's structure, else in the group of this number */
};

struct pg_statement {
    const char *name; /* "gate", also its name on the server */
    unsigned classes; /* bits of enum store_class: on whose connections it is prepared */
    const char *sql;
    const struct pg_field *params, *columns;
    size_t param_count, column_count;
};
extern const struct pg_statement STATEMENTS[];
extern const size_t STATEMENT_COUNT;

/* PostgreSQL's type of a field. */
Oid pg_statement_oid(const struct pg_field *field);
/* Find a statement by its name; NULL when there is none. */
const struct pg_statement *pg_statement_find(const char *name);
enum { PG_PROBLEM_MAX = 160 };
/* Compare what PostgreSQL says of a prepared statement (PQdescribePrepared) with the table.
 * False when they differ, with the first difference in `problem`. */
bool pg_statement_matches(const struct pg_statement *statement, const PGresult *described,
                          char problem[PG_PROBLEM_MAX]);

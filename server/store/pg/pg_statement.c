/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_statement.h"

#include <stdio.h>
#include <string.h>

/* Arrays have types of their own. */
static Oid array_oid(enum pg_type element)
{
    switch (element) {
    case PG_BOOL:
        return 1000;
    case PG_BYTEA:
        return 1001;
    case PG_INT2:
        return 1005;
    case PG_INT4:
        return 1007;
    case PG_TEXT:
        return 1009;
    case PG_INT8:
        return 1016;
    case PG_TIMESTAMPTZ:
        return 1185;
    case PG_UUID:
        return 2951;
    case PG_UNREAD:
        break;
    }
    return 0;
}

Oid pg_statement_oid(const struct pg_field *field)
{
    return field->stride == 0 ? (Oid)field->type : array_oid(field->type);
}

const struct pg_statement *pg_statement_find(const char *name)
{
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        if (strcmp(STATEMENTS[i].name, name) == 0) {
            return &STATEMENTS[i];
        }
    }
    return NULL;
}

/* What of a column differs; NULL: nothing. Columns that nobody reads may have any type. */
static const char *column_differs(const struct pg_field *column, const PGresult *r, int i)
{
    if (strcmp(PQfname(r, i), column->name) != 0) {
        return "another name";
    }
    bool is_same = column->type == PG_UNREAD || PQftype(r, i) == pg_statement_oid(column);
    return is_same ? NULL : "another type";
}

bool pg_statement_matches(const struct pg_statement *statement, const PGresult *described,
                          char problem[PG_PROBLEM_MAX])
{
    if ((size_t)PQnparams(described) != statement->param_count ||
        (size_t)PQnfields(described) != statement->column_count) {
        snprintf(problem, PG_PROBLEM_MAX, "%d parameters and %d columns, not %zu and %zu",
                 PQnparams(described), PQnfields(described), statement->param_count,
                 statement->column_count);
        return false;
    }
    for (size_t i = 0; i < statement->param_count; i++) {
        if (PQparamtype(described, (int)i) != pg_statement_oid(&statement->params[i])) {
            snprintf(problem, PG_PROBLEM_MAX, "parameter %s has another type",
                     statement->params[i].name);
            return false;
        }
    }
    for (size_t i = 0; i < statement->column_count; i++) {
        const char *differs = column_differs(&statement->columns[i], described, (int)i);
        if (differs != NULL) {
            snprintf(problem, PG_PROBLEM_MAX, "column %zu (%s) has %s", i + 1,
                     statement->columns[i].name, differs);
            return false;
        }
    }
    return true;
}

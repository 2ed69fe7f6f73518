/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: rows of a result, in PostgreSQL's binary format. */
#pragma once

#include <libpq-fe.h>

#include "base/arena.h"
#include "store/pg/pg_statement.h"

/* Read a row into the statement's C structure, which is all zero; callers use the function that
 * scripts/gen-statements makes for the statement, which knows the type. Texts, bytes and arrays
 * are copied into the arena. NULL is "", no bytes, no elements, zero or false; a text that is
 * declared with `?` stays NULL. R_ARENA_EXHAUSTED; R_DATABASE_ERROR for an array that has NULLs
 * or several dimensions. */
rc pg_result_read(struct arena *arena, const struct pg_statement *statement, const PGresult *r,
                  int row, void *out, struct err *err);
/* The same of a group of columns that is read apart, by its number. */
rc pg_result_read_apart(struct arena *arena, const struct pg_statement *statement, int apart,
                        const PGresult *r, int row, void *out, struct err *err);
/* An int2, int4 or int8 of a query that is not in the table of statements. */
int64_t pg_result_int(const PGresult *r, int row, int column);

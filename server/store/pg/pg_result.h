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
/* For the loop that reads a list's rows: whether the list ends before this row, because the rows so far
 * fill a third of the arena. The rest is for the reply, where they stand as messages and as bytes. The
 * list is marked as cut, and *count is set. Its first row is always read. */
bool pg_list_ends(struct store_op *op, size_t row, size_t *count);
/* An int2, int4 or int8 of a query that is not in the table of statements. */
int64_t pg_result_int(const PGresult *r, int row, int column);

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: rows of a result, in binary format. */
#pragma once

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/ids.h"
#include "base/slice.h"

bool pg_is_null(const PGresult *r, int row, int column);
struct uuid pg_uuid(const PGresult *r, int row, int column); /* zero for NULL */
int64_t pg_int(const PGresult *r, int row, int column);      /* int2, int4 or int8; 0 for NULL */
bool pg_bool(const PGresult *r, int row, int column);
/* Microseconds since 1970; 0 for NULL. */
int64_t pg_time(const PGresult *r, int row, int column);
/* Copies; "" for NULL. */
MUST rc pg_text(struct arena *arena, const PGresult *r, int row, int column, const char **out,
                struct err *err);
MUST rc pg_bytes(struct arena *arena, const PGresult *r, int row, int column, struct slice *out,
                 struct err *err);
/* An array of texts without NULLs; copies. R_DATABASE_ERROR when it is another thing. */
MUST rc pg_texts(struct arena *arena, const PGresult *r, int row, int column,
                 const char *const **out, size_t *count_out, struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: the parameters of a statement in PostgreSQL's binary format. */
#pragma once

#include "base/arena.h"
#include "store/pg/pg_statement.h"

enum { PG_PARAMS_MAX = 40 };

/* A statement with its values. They lie in the arena until it is sent; `failed` says that one
 * did not fit. */
struct pg_params {
    const struct pg_statement *statement;
    bool failed;
    const char *values[PG_PARAMS_MAX]; /* NULL: NULL */
    int lengths[PG_PARAMS_MAX];
};

/* Encode the values, which is the statement's C structure, or NULL if it has no parameters.
 * Callers use the function that scripts/gen-statements makes for the statement, which knows the
 * type.
 *
 * What may be NULL is so for a NULL pointer, a zero id or a zero time. A NULL pointer for what
 * may not is something that did not fit the arena, and fails the parameters; so does a list of
 * elements without `items`. */
struct pg_params pg_params_bind(struct arena *arena, const struct pg_statement *statement,
                                const void *values);

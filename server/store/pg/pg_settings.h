/* SPDX-License-Identifier: Apache-2.0 */
/* What promises rest on in PostgreSQL, and whether it is so: on every connection of a node, and for chancery doctor.
 * What a session may choose is set, whatever role, database or cluster say; what it may not is looked at. */
#pragma once

#include <libpq-fe.h>

#include "base/arena.h"
#include "store/pg/store.h"

/* The startup option `options` of a connection of this class, behind what the operator gives. NULL: out of memory. */
const char *pg_settings_options(struct arena *arena, enum store_class class,
                                int statement_timeout_ms, const char *operators);
/* Sets what depends on what holds already. Before the check. */
extern const char PG_SETTINGS_SET[];
/* A statement that answers with a row of two texts for each thing that is wrong, worst first. Its one parameter, an int4
 * as text, is PQbackendPID. NULL: out of memory. */
const char *pg_settings_check(struct arena *arena, enum store_class class,
                              int statement_timeout_ms);
/* What the check answered: fails for the first row. R_DATABASE_NOT_DURABLE and the others of their section of
 * reasons.def; the detail names settings and roles of the database. */
rc pg_settings_judge(const PGresult *result, struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: whether the database's schema is still one that this program works with (store/migrate/schema_range.h).
 * Every new connection asks; and connections that were made before a migration ask again and again (pg_history.c). */
#pragma once

#include "store/migrate/schema_range.h"
#include "store/pg/store.h"

/* R_NONE, or why not, which is logged then: R_SCHEMA_TOO_OLD, R_SCHEMA_TOO_NEW. */
enum reason pg_schema_problem(struct schema_range range);

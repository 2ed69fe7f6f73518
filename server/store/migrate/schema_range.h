/* SPDX-License-Identifier: Apache-2.0 */
/* Which schemas this program works with: from the one that it was built with up to the first one that says it doesn't
 * (migrations/0035_schema_range.sql). So nodes of two releases work side by side while one replaces the other. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* One row of the table schema_migration: the newest migration, and the oldest program that works with all that are newer than ours;
 * both as int8. Parameter 1: SCHEMA_OURS, as a text. A schema from before schema_range lacks the column (42703). */
extern const char SCHEMA_RANGE[];

struct schema_range {
    int64_t version, works_with;
};
/* The number of our last migration. */
int64_t schema_ours(void);
/* R_SCHEMA_TOO_OLD, R_SCHEMA_TOO_NEW; the detail has the numbers. */
rc schema_judge(struct schema_range range, struct err *err);

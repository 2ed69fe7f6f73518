/* SPDX-License-Identifier: Apache-2.0 */
/* What a command lists for people: columns with a heading, as wide as what stands in them. A table
 * without rows prints nothing. Columns are counted as terminals show them. */
#pragma once

#include <stddef.h>

enum { TABLE_COLUMNS_MAX = 8 };

struct table {
    size_t columns, count, room;
    char **cells; /* row by row; the heading first */
};

/* Begin with the titles of the columns; NULL ends them. */
void table_begin(struct table *table, ...) __attribute__((sentinel));
/* A cell for each column, and NULL behind the last one. The texts are copied. They are as they are shown to
 * a person (session_shown), in one line. */
void table_row(struct table *table, ...) __attribute__((sentinel));
/* Print it, and free what it holds. */
void table_end(struct table *table);

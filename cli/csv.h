/* SPDX-License-Identifier: Apache-2.0 */
/* Comma-separated values (RFC 4180) in memory, a row at a time. Fields may be quoted, and then hold commas, line ends and doubled
 * quotes. Lines end with LF or CRLF; empty ones are skipped. */
#pragma once

#include "base/arena.h"

enum { CSV_FIELDS_MAX = 16 };

struct csv {
    struct slice rest;
    size_t line; /* of the row that was read last; from 1 */
    size_t next_line;
};

struct csv_row {
    const char *fields[CSV_FIELDS_MAX]; /* in the arena; those that are not there are "" */
    size_t count;
};

void csv_init(struct csv *csv, struct slice text);
bool csv_at_end(struct csv *csv);
/* R_FIELD_INVALID: a quote that does not end, something behind one, too many fields, a NUL. */
MUST rc csv_next(struct csv *csv, struct arena *arena, struct csv_row *out, struct err *err);

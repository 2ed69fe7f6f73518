/* SPDX-License-Identifier: Apache-2.0 */
/* Comma-separated values (RFC 4180) in memory, one row at a time. A field in quotes may contain
 * commas, line ends and doubled quotes. Lines end with LF or CRLF; empty lines are skipped. */
#pragma once

#include "base/arena.h"

enum { CSV_FIELDS_MAX = 16 };

struct csv {
    struct slice rest;
    size_t line; /* of the row that was read last, from 1 */
    size_t next_line;
};

struct csv_row {
    const char *fields[CSV_FIELDS_MAX]; /* in the arena; "" behind the last one */
    size_t count;
};

void csv_init(struct csv *csv, struct slice text);
bool csv_at_end(struct csv *csv);
/* R_FIELD_INVALID, with the line: a quote that is not closed, text behind a closing quote, too many
 * fields. R_FIELD_INVALID too for a NUL. */
rc csv_next(struct csv *csv, struct arena *arena, struct csv_row *out, struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/csv.h"

#include <string.h>

void csv_init(struct csv *csv, struct slice text)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf"; /* spreadsheets write one */
    size_t skip = slice_starts_with(text, byte_order_mark) ? strlen(byte_order_mark) : 0;
    *csv = (struct csv){.rest = slice_cut(text, skip, text.len), .next_line = 1};
}

static void skip(struct csv *csv, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        csv->next_line += csv->rest.ptr[i] == '\n';
    }
    csv->rest = slice_cut(csv->rest, count, csv->rest.len);
}

static size_t line_end(struct slice text)
{
    if (text.len >= 2 && text.ptr[0] == '\r' && text.ptr[1] == '\n') {
        return 2;
    }
    return text.len >= 1 && text.ptr[0] == '\n' ? 1 : 0;
}

bool csv_at_end(struct csv *csv)
{
    for (size_t end; (end = line_end(csv->rest)) > 0;) {
        skip(csv, end);
    }
    return csv->rest.len == 0;
}

/* Up to the next comma or line end. */
static rc read_plain(struct csv *csv, struct arena *arena, const char **out, struct err *err)
{
    struct slice text = csv->rest;
    size_t len = 0;
    while (len < text.len && text.ptr[len] != ',' &&
           line_end(slice_cut(text, len, text.len)) == 0) {
        if (text.ptr[len] == '\0') {
            FAIL(err, R_INPUT_INVALID, "line %zu: it has a NUL in it", csv->line);
        }
        len++;
    }
    *out = arena_dup(arena, slice_cut(text, 0, len));
    ARENA_ENSURE(*out, err);
    skip(csv, len);
    return OK;
}

/* The length of a field that begins with a quote, both quotes included; 0 if it is not closed. */
static size_t quoted_end(struct slice text)
{
    size_t at = 1;
    while (at < text.len && text.ptr[at] != '\0') {
        if (text.ptr[at] != '"') {
            at++;
        } else if (at + 1 < text.len && text.ptr[at + 1] == '"') {
            at += 2;
        } else {
            return at + 1;
        }
    }
    return 0;
}

/* Between quotes, a doubled quote stands for one. */
static rc read_quoted(struct csv *csv, struct arena *arena, const char **out, struct err *err)
{
    size_t end = quoted_end(csv->rest), len = 0;
    if (end == 0) {
        FAIL(err, R_INPUT_INVALID, "line %zu: a quote is not closed", csv->line);
    }
    char *field = arena_dup(arena, slice_cut(csv->rest, 1, end - 1));
    ARENA_ENSURE(field, err);
    for (const char *from = field; *from != '\0'; from++) {
        field[len++] = *from;
        from += *from == '"';
    }
    field[len] = '\0';
    *out = field;
    skip(csv, end);
    return OK;
}

static rc read_field(struct csv *csv, struct arena *arena, struct csv_row *row, struct err *err)
{
    if (row->count == CSV_FIELDS_MAX) {
        FAIL(err, R_INPUT_INVALID, "line %zu: more than %d fields", csv->line, CSV_FIELDS_MAX);
    }
    const char **out = &row->fields[row->count++];
    return csv->rest.len > 0 && csv->rest.ptr[0] == '"' ? read_quoted(csv, arena, out, err)
                                                        : read_plain(csv, arena, out, err);
}

rc csv_next(struct csv *csv, struct arena *arena, struct csv_row *row, struct err *err)
{
    *row = (struct csv_row){.count = 0};
    csv->line = csv->next_line;
    for (;;) {
        TRY(read_field(csv, arena, row, err));
        size_t end = line_end(csv->rest);
        if (csv->rest.len == 0 || end > 0) {
            skip(csv, end);
            break;
        }
        if (csv->rest.ptr[0] != ',') {
            FAIL(err, R_INPUT_INVALID, "line %zu: text behind a closing quote", csv->line);
        }
        skip(csv, 1);
    }
    for (size_t i = row->count; i < CSV_FIELDS_MAX; i++) {
        row->fields[i] = "";
    }
    return OK;
}

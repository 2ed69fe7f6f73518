/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's binary result format (the send functions of src/backend/utils/adt). */
#include "store/pg/pg_result.h"

#include <string.h>

static const int64_t EPOCH_US = 946684800LL * 1000000; /* 2000-01-01 */

/* Two's complement of 1 to 8 bytes; 0 without any. */
static int64_t integer(struct slice bytes)
{
    uint64_t value = bytes.len > 0 && bytes.ptr[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.len && i < 8; i++) {
        value = value << 8 | bytes.ptr[i];
    }
    return (int64_t)value;
}

int64_t pg_result_int(const PGresult *r, int row, int column)
{
    return integer(slice_of(PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column)));
}

static struct slice take(struct slice *rest, size_t len)
{
    struct slice part = slice_cut(*rest, 0, len);
    *rest = slice_cut(*rest, len, rest->len);
    return part;
}

static rc read_text(struct arena *arena, struct slice value, const char **out, struct err *err)
{
    *out = arena_dup(arena, value);
    ARENA_ENSURE(*out, err);
    return OK;
}

static rc read_uuid(struct slice value, struct uuid *out, struct err *err)
{
    ENSURE(value.len == UUID_BYTES, err, R_DATABASE_ERROR);
    memcpy(out->b, value.ptr, UUID_BYTES);
    return OK;
}

/* Read one value to where it lies in C. */
static rc read_value(struct arena *arena, enum pg_type type, struct slice value, void *to,
                     struct err *err)
{
    switch (type) {
    case PG_TEXT:
        return read_text(arena, value, to, err);
    case PG_BYTEA:
        return arena_dup_slice(arena, value, to, err);
    case PG_UUID:
        return read_uuid(value, to, err);
    case PG_BOOL:
        *(bool *)to = integer(value) == 1;
        break;
    case PG_INT2:
        *(int16_t *)to = (int16_t)integer(value);
        break;
    case PG_INT4:
        *(int32_t *)to = (int32_t)integer(value);
        break;
    case PG_INT8:
        *(int64_t *)to = integer(value);
        break;
    case PG_TIMESTAMPTZ:
        *(int64_t *)to = integer(value) + EPOCH_US;
        break;
    case PG_UNREAD:
        break;
    }
    return OK;
}

/* Format: dimensions, has-NULL flag, element type; then length and lower bound of the dimension;
 * then each element with its length. */
static rc read_list(struct arena *arena, const struct pg_field *column, struct slice rest,
                    struct pg_list *out, struct err *err)
{
    *out = (struct pg_list){.items = NULL};
    int64_t dimensions = integer(take(&rest, 4));
    int64_t has_null = integer(take(&rest, 4));
    (void)take(&rest, 4);
    if (dimensions == 0) {
        return OK;
    }
    int64_t count = integer(take(&rest, 4));
    (void)take(&rest, 4);
    ENSURE(dimensions == 1 && has_null == 0 && count >= 0, err, R_DATABASE_ERROR);
    char *items = arena_array(arena, (size_t)count, column->stride);
    ARENA_ENSURE(items, err);
    for (int64_t i = 0; i < count; i++) {
        int64_t len = integer(take(&rest, 4));
        ENSURE(len >= 0 && (size_t)len <= rest.len, err, R_DATABASE_ERROR);
        TRY(read_value(arena, column->type, take(&rest, (size_t)len), items + i * column->stride,
                       err));
    }
    *out = (struct pg_list){.items = items, .count = (size_t)count};
    return OK;
}

static rc read_column(struct arena *arena, const struct pg_field *column, struct slice value,
                      void *out, struct err *err)
{
    return column->stride != 0
               ? read_list(arena, column, value, (struct pg_list *)((char *)out + column->list),
                           err)
               : read_value(arena, column->type, value, (char *)out + column->offset, err);
}

/* A value without bytes is NULL, or empty. The zeroes of the structure say so, but for texts. */
static void leave_empty(const struct pg_field *column, bool is_null, void *out)
{
    if (column->type == PG_TEXT && column->stride == 0 && !(is_null && column->is_nullable)) {
        *(const char **)((char *)out + column->offset) = "";
    }
}

rc pg_result_read_apart(struct arena *arena, const struct pg_statement *statement, int apart,
                        const PGresult *r, int row, void *out, struct err *err)
{
    for (int i = 0; i < (int)statement->column_count; i++) {
        const struct pg_field *column = &statement->columns[i];
        if (column->type == PG_UNREAD || column->apart != apart) {
            continue;
        }
        size_t len = (size_t)PQgetlength(r, row, i);
        if (len == 0) {
            leave_empty(column, PQgetisnull(r, row, i) == 1, out);
        } else {
            TRY(read_column(arena, column, slice_of(PQgetvalue(r, row, i), len), out, err));
        }
    }
    return OK;
}

rc pg_result_read(struct arena *arena, const struct pg_statement *statement, const PGresult *r,
                  int row, void *out, struct err *err)
{
    return pg_result_read_apart(arena, statement, 0, r, row, out, err);
}

bool pg_list_ends(struct store_op *op, size_t row, size_t *count)
{
    if (row >= *count) {
        return true;
    }
    if (row == 0 || arena_used(op->arena) <= arena_left(op->arena) / 2) {
        return false;
    }
    *count = row;
    op->is_cut = true;
    return true;
}

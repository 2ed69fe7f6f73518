/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "store/pg/pg_result.h"

static const int64_t EPOCH_US = 946684800LL * 1000000; /* 2000-01-01 */

static struct slice field(const PGresult *r, int row, int column)
{
    return slice_of(PQgetvalue(r, row, column), (size_t)PQgetlength(r, row, column));
}

static int64_t integer(struct slice bytes)
{
    uint64_t value = bytes.len > 0 && bytes.ptr[0] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < bytes.len && i < 8; i++) {
        value = value << 8 | bytes.ptr[i];
    }
    return (int64_t)value;
}

bool pg_is_null(const PGresult *r, int row, int column)
{
    return PQgetisnull(r, row, column) != 0;
}

struct uuid pg_uuid(const PGresult *r, int row, int column)
{
    struct uuid id = {{0}};
    struct slice bytes = field(r, row, column);
    if (bytes.len == UUID_BYTES) {
        memcpy(id.b, bytes.ptr, UUID_BYTES);
    }
    return id;
}

int64_t pg_int(const PGresult *r, int row, int column)
{
    return integer(field(r, row, column));
}

bool pg_bool(const PGresult *r, int row, int column)
{
    return integer(field(r, row, column)) == 1;
}

int64_t pg_time(const PGresult *r, int row, int column)
{
    return pg_is_null(r, row, column) ? 0 : pg_int(r, row, column) + EPOCH_US;
}

rc pg_text(struct arena *arena, const PGresult *r, int row, int column, const char **out,
           struct err *err)
{
    *out = arena_dup(arena, field(r, row, column));
    ARENA_ENSURE(*out, err);
    return OK;
}

rc pg_bytes(struct arena *arena, const PGresult *r, int row, int column, struct slice *out,
            struct err *err)
{
    return arena_dup_slice(arena, field(r, row, column), out, err);
}

static struct slice take(struct slice *rest, size_t len)
{
    struct slice part = slice_cut(*rest, 0, len);
    *rest = slice_cut(*rest, len, rest->len);
    return part;
}

/* Format: dimensions, has-NULL flag, element type; then length and lower bound of the dimension; then
 * each element with its length. */
rc pg_texts(struct arena *arena, const PGresult *r, int row, int column, const char *const **out,
            size_t *count_out, struct err *err)
{
    struct slice rest = field(r, row, column);
    *out = NULL;
    *count_out = 0;
    int64_t dimensions = integer(take(&rest, 4));
    int64_t has_null = integer(take(&rest, 4));
    (void)take(&rest, 4);
    if (dimensions == 0) {
        return OK;
    }
    int64_t count = integer(take(&rest, 4));
    (void)take(&rest, 4);
    ENSURE(dimensions == 1 && has_null == 0 && count >= 0, err, R_DATABASE_ERROR);
    const char **texts = ARENA_ARRAY(arena, const char *, (size_t)count);
    ARENA_ENSURE(texts, err);
    for (int64_t i = 0; i < count; i++) {
        int64_t len = integer(take(&rest, 4));
        ENSURE(len >= 0 && (size_t)len <= rest.len, err, R_DATABASE_ERROR);
        texts[i] = arena_dup(arena, take(&rest, (size_t)len));
        ARENA_ENSURE(texts[i], err);
    }
    *out = texts;
    *count_out = (size_t)count;
    return OK;
}

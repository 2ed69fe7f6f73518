/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: parameters of a statement, in binary format. */
#pragma once

#include "base/arena.h"
#include "base/ids.h"
#include "base/slice.h"

enum { PG_PARAMS_MAX = 32 };

/* Values of one statement, with a sticky error. They lie in the arena until the statement is sent. */
struct pg_params {
    struct arena *arena;
    int count;
    bool failed;
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX];
};

void pg_params_init(struct pg_params *p, struct arena *arena);
void pg_add_uuid(struct pg_params *p, struct uuid id);
/* NULL for the zero UUID. */
void pg_add_uuid_or_null(struct pg_params *p, struct uuid id);
void pg_add_text(struct pg_params *p, const char *text); /* NULL gives NULL */
void pg_add_bytes(struct pg_params *p, struct slice bytes);
void pg_add_bool(struct pg_params *p, bool value);
void pg_add_int2(struct pg_params *p, int value);
void pg_add_int4(struct pg_params *p, int32_t value);
void pg_add_int8(struct pg_params *p, int64_t value);
/* A time in microseconds since 1970; 0 gives NULL. */
void pg_add_time(struct pg_params *p, int64_t unix_us);

/* One-dimensional arrays, built element by element: pg_array_begin, pg_array_…, pg_array_end. */
struct pg_array {
    struct pg_params *params;
    uint8_t *start, *at, *end;
    uint32_t count;
    bool has_null;
};
enum pg_type { PG_BOOL = 16, PG_BYTEA = 17, PG_INT8 = 20, PG_TEXT = 25, PG_UUID = 2950 };
/* `bytes_max` bounds the data of all elements, 4 bytes each not counted. */
void pg_array_begin(struct pg_array *array, struct pg_params *p, enum pg_type type, size_t count,
                    size_t bytes_max);
void pg_array_bytes(struct pg_array *array, const void *ptr, size_t len);
void pg_array_text(struct pg_array *array, const char *text); /* NULL gives NULL */
void pg_array_int8(struct pg_array *array, int64_t value);
void pg_array_bool(struct pg_array *array, bool value);
void pg_array_null(struct pg_array *array);
void pg_array_end(struct pg_array *array);
/* An array of texts in one go. */
void pg_add_texts(struct pg_params *p, const char *const *texts, size_t count);

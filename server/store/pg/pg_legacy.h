/* SPDX-License-Identifier: Apache-2.0 */
/* What statements that are not yet in server/store/sql/ use: parameters and columns by number. */
#pragma once

#include "store/pg/pg_submit.h"

enum legacy_statement {
#define STATEMENT(id, class, sql) ST_##id,
#include "store/statements.def"
#undef STATEMENT
    LEGACY_COUNT_
};
extern const struct pg_statement LEGACY_STATEMENTS[];

static inline struct pg_params *legacy(enum legacy_statement statement, struct pg_params *p)
{
    p->statement = &LEGACY_STATEMENTS[statement];
    return p;
}

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

bool pg_is_null(const PGresult *r, int row, int column);
struct uuid pg_uuid(const PGresult *r, int row, int column); /* zero for NULL */
int64_t pg_int(const PGresult *r, int row, int column);      /* int2, int4 or int8; 0 for NULL */
bool pg_bool(const PGresult *r, int row, int column);
/* Microseconds since 1970; 0 for NULL. */
int64_t pg_time(const PGresult *r, int row, int column);
/* Copies; "" for NULL. */
MUST rc pg_text(struct arena *arena, const PGresult *r, int row, int column, const char **out,
                struct err *err);
MUST rc pg_bytes(struct arena *arena, const PGresult *r, int row, int column, struct slice *out,
                 struct err *err);
/* An array of texts without NULLs; copies. R_DATABASE_ERROR when it is another thing. */
MUST rc pg_texts(struct arena *arena, const PGresult *r, int row, int column,
                 const char *const **out, size_t *count_out, struct err *err);

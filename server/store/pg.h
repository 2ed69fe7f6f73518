/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: parameters, results and the pipeline. Everything is in binary format. */
#pragma once

#include <libpq-fe.h>

#include "base/list.h"
#include "base/slice.h"
#include "store/store.h"

/* --- statements -------------------------------------------------------------------------------- */

enum statement {
#define STATEMENT(id, class, sql) ST_##id,
#include "store/statements.def"
#undef STATEMENT
    ST_COUNT_
};

struct statement_info {
    const char *name; /* "gate", also its name on the server */
    enum store_class class;
    const char *sql;
};
extern const struct statement_info STATEMENTS[ST_COUNT_];

/* --- parameters -------------------------------------------------------------------------------- */

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

/* --- results ----------------------------------------------------------------------------------- */

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

/* --- operations -------------------------------------------------------------------------------- */

enum { PG_SEGMENT_MAX = 10 };

/* Takes the rows of statement number `index` of the segment. */
typedef rc (*pg_reader)(struct store_op *op, size_t index, const PGresult *result, struct err *err);

struct pg_segment {
    size_t count;
    enum statement statements[PG_SEGMENT_MAX];
    const struct pg_params *params[PG_SEGMENT_MAX];
    pg_reader read;
};
/* Send a segment. Fails through op->done when no connection works, too many operations wait, or a
 * parameter did not fit the arena. */
void pg_submit(struct store_op *op, const struct pg_segment *segment);
/* Send one statement. */
void pg_submit_one(struct store_op *op, enum statement statement, const struct pg_params *p,
                   pg_reader read);
/* For statements that only succeed or fail. */
rc pg_read_nothing(struct store_op *op, size_t index, const PGresult *r, struct err *err);
/* Fail an operation through its `done`, from the loop. */
void pg_fail_later(struct store_op *op, enum reason reason, const char *detail);

/* The reason for an SQLSTATE: what the caller should hear when no statement knows better. */
enum reason pg_reason(const char *sqlstate);
/* Whether the error is about the data of one row (classes 22 and 23; 42501: row-level security): the
 * others of a batch are not to blame. */
bool pg_is_data_error(const char *sqlstate);

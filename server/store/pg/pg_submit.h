/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: sending statements, and taking what they answer. The lowest
 * interface above the connections: a test that links tests/support/fake_pg.c has this one
 * without PostgreSQL. */
#pragma once

#include "store/pg/pg_params.h"
#include "store/pg/pg_result.h"

enum { PG_SEGMENT_MAX = 10 };

/* Takes the rows of statement number `index` of the segment. */
typedef rc (*pg_reader)(struct store_op *op, size_t index, const PGresult *result, struct err *err);

/* Statements that are one transaction. */
struct pg_segment {
    size_t count;
    const struct pg_params *params[PG_SEGMENT_MAX];
    pg_reader read;
};
/* Send a segment. Fails through op->done when no connection works, too many operations wait, or a
 * parameter did not fit the arena. */
void pg_submit(struct store_op *op, const struct pg_segment *segment);
/* Fail an operation through its `done`, from the loop. */
void pg_fail_later(struct store_op *op, enum reason reason, const char *detail);

/* Send one statement. */
static inline void pg_submit_one(struct store_op *op, const struct pg_params *p, pg_reader read)
{
    pg_submit(op, &(struct pg_segment){.count = 1, .params = {p}, .read = read});
}

/* For statements that only succeed or fail. */
static inline rc pg_read_nothing(struct store_op *op, size_t index, const PGresult *r,
                                 struct err *err)
{
    (void)op;
    (void)index;
    (void)r;
    (void)err;
    return OK;
}

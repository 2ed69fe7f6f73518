/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: sending statements, and taking what they answer. */
#pragma once

#include <libpq-fe.h>

#include "store/pg/pg_params.h"
#include "store/pg/pg_result.h"
#include "store/pg/statement.h"

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

/* SPDX-License-Identifier: Apache-2.0 */
#include "store/pg/pg_submit.h"

#include "store/pg/pg_conn.h"
#include "store/pg/pg_transaction.h"

/* The class that all statements of a segment are of; STORE_CLASSES: there is none. What goes along with
 * acts of several classes is of all of them, the first one when it goes alone. */
static enum store_class class_of(const struct pg_segment *segment)
{
    unsigned classes = (1U << STORE_CLASSES) - 1, class = 0;
    for (size_t i = 0; i < segment->count; i++) {
        classes &= segment->params[i]->statement->classes;
    }
    while (class < STORE_CLASSES && (classes & 1U << class) == 0) {
        class ++;
    }
    return (enum store_class) class;
}

void pg_fail_later(struct store_op *op, enum reason reason, const char *detail)
{
    err_clear(&op->err);
    (void)err_raise(&op->err, reason, __FILE__, __LINE__, "%s", detail);
    loop_defer(op->store->loop, &op->fail);
}

void pg_submit(struct store_op *op, const struct pg_segment *segment)
{
    struct store *store = op->store;
    err_clear(&op->err);
    for (size_t i = 0; i < segment->count; i++) {
        if (segment->params[i]->failed) {
            pg_fail_later(op, R_ARENA_EXHAUSTED, "statement parameters");
            return;
        }
    }
    if (op->transaction != NULL && pg_transaction_submit(op->transaction, op, segment)) {
        return;
    }
    enum store_class class = class_of(segment);
    if (class == STORE_CLASSES) {
        pg_fail_later(op, R_INTERNAL, "statements of no common class");
        return;
    }
    op->lane = &store->lanes[class];
    pg_lane_submit(op->lane, op, segment);
}

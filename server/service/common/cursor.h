/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that may be long: worked off item by item, with a new turn of the loop whenever the present
 * one has lasted long. A flow keeps the cursor in its state, and the step returns to itself:
 *
 *   static step recipients(struct call *c)
 *   {
 *       return cursor_each(c, &state_of(c)->cursor, count, read_recipient, recipients);
 *   } */
#pragma once

#include "rpc/call.h"

struct cursor {
    size_t next; /* item; 0 before the first and after the last one */
};

/* What is done with one item of a list; it can't wait. */
typedef step (*cursor_item_fn)(struct call *c, size_t index);

/* Go on with the list: NEXT after its last item, FAILED at the first that fails. `self` is the step
 * to which the call comes back. */
step cursor_each(struct call *c, struct cursor *cursor, size_t count, cursor_item_fn item,
                 step_fn self);

/* For loops of other shapes: whether a step that went on with its list at `since` should yield.
 * However busy the loop is, a step gets CURSOR_LEAST_US of each turn, so that it comes to its
 * end. */
bool cursor_should_yield(const struct call *c, struct mono_time since);
enum { CURSOR_LEAST_US = 250 };

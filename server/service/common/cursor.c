/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/cursor.h"

bool cursor_should_yield(const struct call *c, struct mono_time since)
{
    return call_should_yield(c) && clock_mono().ns - since.ns >= CURSOR_LEAST_US * 1000LL;
}

step cursor_each(struct call *c, struct cursor *cursor, size_t count, cursor_item_fn item,
                 step_fn self)
{
    struct mono_time since = clock_mono();
    while (cursor->next < count) {
        step result = item(c, cursor->next);
        if (result.kind != STEP_KIND_NEXT) {
            return result;
        }
        cursor->next++;
        if (cursor->next < count && cursor_should_yield(c, since)) {
            return call_yield(c, self);
        }
    }
    cursor->next = 0;
    return STEP_NEXT;
}

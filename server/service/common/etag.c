/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/etag.h"

#include <string.h>

#include "context/wait.h"
#include "service/common/reply.h"

char *etag_write(struct call *c, int64_t mark)
{
    return arena_printf(call_arena(c), "%lld", (long long)mark);
}

step etag_check(struct call *c, const char *sent, int64_t mark)
{
    const char *ours = etag_write(c, mark);
    if (ours == NULL) {
        return reply_over_budget(c);
    }
    return sent[0] == '\0' || strcmp(sent, ours) == 0
               ? STEP_NEXT
               : call_fail(c, R_ETAG_MISMATCH, "it is %s", ours);
}

step etag_settle(struct call *c, const struct err *err)
{
    return err->reason == R_NOT_FOUND ? call_fail(c, R_ETAG_MISMATCH, "changed meanwhile")
                                      : wait_over(c, err);
}

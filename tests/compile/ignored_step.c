/* SPDX-License-Identifier: Apache-2.0 */
/* expect: ignoring return value */
#include "rpc/call.h"

/* A step that forgets to return its failure would go on as if nothing had happened. */
step check(struct call *c);
step check(struct call *c)
{
#ifdef CONTROL
    return call_fail(c, R_INTERNAL, "always");
#else
    call_fail(c, R_INTERNAL, "always");
    return STEP_NEXT;
#endif
}

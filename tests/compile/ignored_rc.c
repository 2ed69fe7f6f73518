/* SPDX-License-Identifier: Apache-2.0 */
/* expect: ignoring return value */
#include "base/err.h"

/* Not marked by itself: the type alone must do it. */
static rc refuse(struct err *err)
{
    FAIL(err, R_INTERNAL, "always");
}

int main(void)
{
    struct err err = {0};
#ifdef CONTROL
    return refuse(&err).ok ? 0 : 1;
#else
    refuse(&err);
    return 0;
#endif
}

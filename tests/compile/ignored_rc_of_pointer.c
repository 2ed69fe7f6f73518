/* SPDX-License-Identifier: Apache-2.0 */
/* expect: ignoring return value */
#include "base/err.h"

/* Callbacks too: an attribute of functions would be lost here. */
static rc run(rc (*callback)(struct err *err), struct err *err)
{
#ifdef CONTROL
    TRY(callback(err));
#else
    callback(err);
#endif
    return OK;
}

static rc refuse(struct err *err)
{
    FAIL(err, R_INTERNAL, "always");
}

int main(void)
{
    struct err err = {0};
    return run(refuse, &err).ok ? 0 : 1;
}

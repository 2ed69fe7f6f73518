/* SPDX-License-Identifier: Apache-2.0 */
/* How failures become the errors of the library. Any thread. */
#pragma once

#include <chancery/error.h>

#include "client/client.h"

/* Of what failed on this side. Never NULL. */
chancery_error *failure_of(const struct err *err);
/* Of a call that failed: what the authority refuses by, or what failed on the way. Never NULL. */
chancery_error *failure_of_call(const struct err *err, const struct client_refusal *refusal);

/* Return the error of a failed rc, else go on. */
#define TELL(call, err)             \
    do {                            \
        rc rc_ = (call);            \
        if (!rc_.ok) {              \
            return failure_of(err); \
        }                           \
    } while (0)

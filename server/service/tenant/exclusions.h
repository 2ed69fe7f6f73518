/* SPDX-License-Identifier: Apache-2.0 */
/* Who or what is excluded, as requests name it. */
#pragma once

#include "domain/values/tenant.h"
#include "rpc/call.h"

/* Exactly one of the three is given; the others are "". */
step exclusion_read(struct call *c, const char *user, const char *application, const char *platform,
                    struct exclusion *out);

/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a call is one too many in this second (docs/policy.md §11.1): of its network, before its credentials are looked
 * at; of its person, component and tenant, as soon as they are known. What is asked of a tenant's administration counts
 * apart, so that nobody's mail shuts out whoever would raise the limit. */
#pragma once

#include "auth/caller.h"

/* NEXT, or R_RATE_LIMITED. */
step rate_check_network(struct call *c);
step rate_check_caller(struct call *c);
/* The items of a batch, whose call counted as the first. */
step rate_check_items(struct call *c, size_t count);

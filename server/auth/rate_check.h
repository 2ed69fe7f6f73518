/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a call is one too many in this second (docs/policy.md §11.1): of its network, before its credentials are looked
 * at; of its person, component and tenant, as soon as they are known. What a tenant's admins ask counts apart, and what its
 * auditors and its directory's provider do, each, so that nobody shuts out whoever would stop them. */
#pragma once

#include "auth/caller.h"

/* NEXT, or R_RATE_LIMITED. */
step rate_check_network(struct call *c);
/* The same for a public method, whose call has no caller: each time. */
step rate_check_public(struct call *c);
step rate_check_caller(struct call *c);
/* The items of a batch, whose call counted as the first. */
step rate_check_items(struct call *c, size_t count);

/* SPDX-License-Identifier: Apache-2.0 */
/* A tenant's domains, as the methods on them begin. A domain says whose addresses tokens may prove,
 * so it is verified itself (docs/policy.md §8.5). */
#pragma once

#include "rpc/call.h"
#include "store/resource/domain_store.h"

/* A request's field `domain`, normalized. */
step tenant_domain_read(struct call *c, const char *text, const char **out);
/* Read the scope's claim of a domain into `op`, and go on with `then`. R_NOT_FOUND; only a tenant
 * has domains. */
step tenant_domain_find(struct call *c, const char *text, struct domain_op *op, step_fn then);

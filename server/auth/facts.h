/* SPDX-License-Identifier: Apache-2.0 */
/* The facts that decisions need, from a worker's caches or the database, and the epochs on which they are
 * known. Flows that trust nothing (flow.trust) read past the caches. */
#pragma once

#include "auth/caller.h"

/* Load a tenant or the platform's boundaries, note its epoch, and go on with `then`, which finds
 * caller->found_tenant or caller->found_platform. */
step facts_need_tenant(struct call *c, struct tenant_id id, step_fn then);
step facts_need_platform(struct call *c, step_fn then);
/* Look somebody up in a tenant's directory (which has one), note the directory's epoch, and go on with
 * `then`: caller->found_person. The question is only read before this returns. */
step facts_need_person(struct call *c, const struct directory_question *question, step_fn then);

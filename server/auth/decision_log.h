/* SPDX-License-Identifier: Apache-2.0 */
/* Recording what was decided about a caller: between the flows and the gate. */
#pragma once

#include "auth/caller.h"

/* Begin the record of a decision in a tenant's log (TENANT_PLATFORM: the platform's). */
struct gate_entry *decision_log_begin(struct call *c, struct tenant_id tenant);
/* Hand it to the gate; `then` calls decision_log_settle. */
step decision_log_submit(struct call *c, step_fn then);
/* What the gate said. NEXT: recorded. Stale: what has moved is forgotten, the caller is authenticated anew,
 * and the flow goes on from its row `again`. Facts changed: from its row `decide`, which finds them in the
 * entry. */
step decision_log_settle(struct call *c, step_fn again, step_fn decide);
/* Record a refusal in the caller's tenant's log, or in the platform's when there is none or this node does
 * not write it: for flows without a record of their own, and before any flow. Of callers whom nobody knows
 * it is counted instead (auth/refusals.h). */
step decision_log_refusal(struct call *c);
/* Drop from the caches all on which was decided, because some of it is out of date. */
void decision_log_forget(struct call *c);

/* SPDX-License-Identifier: Apache-2.0 */
/* A call uses quotas up (docs/policy.md §11.1): one of each that counts it is taken before its gate, stays used when the gate
 * has recorded it, or may have, and goes back otherwise. */
#pragma once

#include "auth/caller.h"

/* Take what this use counts in, if it was not taken before, and go on with `then`, which begins with quota_settle. */
step quota_take(struct call *c, struct tenant_id tenant, const struct tenant_limits *limits,
                enum quota_use use, step_fn then);
/* Whether there was none left. */
bool quota_is_refused(const struct call *c);
/* NEXT, or FAILED with what the caller is told. */
step quota_settle(struct call *c);

/* For decision_log.c: a grant is about to be recorded; and what became of that. */
void quota_note_submitted(struct call *c);
void quota_note_unrecorded(struct call *c);
/* Nothing new was made: what was taken goes back now, before anything else is recorded for this call. */
void quota_give_back(struct call *c);

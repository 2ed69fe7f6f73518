/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of one tenant, carried out in one transaction. Inside cli/declared. */
#pragma once

#include "cli/declared/plan.h"

/* Whether a change is one of those: of the platform's boundaries, their rules and the making of tenants each is an act by
 * itself. */
bool group_may_have(const struct change *change);
/* Carry out changes of one tenant, or of the platform: all of them or none; of more than the authority takes at once, part
 * by part. Notes the result of each; *failed is the one that was refused, or NULL where that is none of them. Prints what
 * fails. Returns an exit code. */
int group_carry_out(struct plan *plan, struct change **changes, size_t count,
                    struct change **failed);

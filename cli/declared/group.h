/* SPDX-License-Identifier: Apache-2.0 */
/* The changes of one tenant, carried out in one transaction. Inside cli/declared. */
#pragma once

#include "cli/declared/plan.h"

/* Whether a change is one of those: of the platform's boundaries, their rules and the making of tenants each is an act by
 * itself. */
bool group_may_have(const struct change *change);
/* What a failed one ends with. */
struct group_end {
    struct change *culprit; /* the one that was refused; NULL: none of them */
    bool may_be_done;       /* no answer came, or none that says it: all are done, or none is */
};

/* Carry out changes of one tenant, or of the platform: all of them or none; of more than the authority takes at once, part
 * by part. Notes the result of each. Prints what fails. Returns an exit code. */
int group_carry_out(struct plan *plan, struct change **changes, size_t count,
                    struct group_end *end);

/* SPDX-License-Identifier: Apache-2.0 */
/* Carrying a plan out: the changes of each tenant together. Inside cli/declared. */
#pragma once

#include "cli/answer.h"
#include "cli/declared/plan.h"

struct carried_out {
    size_t made;    /* it is so now */
    size_t waiting; /* it will be when another admin has approved it */
};

/* Stops at the first act that fails, and then nothing of its tenant is changed. Notes the result of each; for people it says what is done, and how far it came. Returns
 * an exit code. */
int carry_out(struct plan *plan, enum answer answer, struct carried_out *out);

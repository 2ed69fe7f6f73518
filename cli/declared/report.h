/* SPDX-License-Identifier: Apache-2.0 */
/* A plan, and what has become of it, as a document for programs (docs/declared.md §3.1). Inside cli/declared. */
#pragma once

#include "cli/answer.h"
#include "cli/declared/plan.h"

/* Print it. Returns an exit code. */
int report_print(const struct plan *plan, enum answer answer);

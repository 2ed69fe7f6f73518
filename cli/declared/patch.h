/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as people read it: like a patch. Inside cli/declared. */
#pragma once

#include "cli/declared/plan.h"

void patch_print(const struct plan *plan);
/* "Template Confidential of contoso", within a line. */
void patch_print_name(const struct kind *kind, const char *key, const char *tenant);
/* "1 to make, 2 to change, …" */
void patch_print_summary(const struct plan *plan);

/* SPDX-License-Identifier: Apache-2.0 */
/* Writing what there is as documents. Inside cli/declared. */
#pragma once

#include "cli/declared/state.h"

/* Print all of a tenant, or of the platform (""); `kinds` are names, none for all. With `etags`, so that applying
 * refuses what was changed since. Returns an exit code. */
int export_print(struct state *state, const char *tenant, char *const *kinds, size_t kind_count,
                 bool etags);

/* SPDX-License-Identifier: Apache-2.0 */
/* Names of applications and platforms, as clients say them of themselves and admins exclude them.
 * They are kept as they were written, and compared without regard to case. Pure; any thread. */
#pragma once

#include <stdbool.h>

#include "base/slice.h"

/* The name without the white space around it; lends from `name`. */
struct slice client_name_trim(const char *name);
/* Whether both are one name: by Unicode's full case folding and canonical equivalence (The Unicode
 * Standard, D145), without the white space around them. A name of nothing is no name, and is like
 * none. */
bool client_name_equals(const char *a, const char *b);

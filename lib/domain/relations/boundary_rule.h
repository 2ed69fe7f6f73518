/* SPDX-License-Identifier: Apache-2.0 */
/* What holds between two boundaries. Pure. */
#pragma once

#include "domain/values/boundary.h"

/* What (content's boundary → reader's boundary) allows: an admin's rule, else the built-in ones:
 * same → native, commercial ↔ gcc → native, everything else → portal. */
enum delivery boundary_rule_between(const struct platform_view *platform, const char *content,
                                    const char *reader);

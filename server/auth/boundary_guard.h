/* SPDX-License-Identifier: Apache-2.0 */
/* For which boundaries this node answers. Content, protection, tracking and the administration of a tenant are
 * answered by nodes of its boundary alone; who people are is asked of all of them. */
#pragma once

#include "auth/caller.h"

/* Whether the configuration lets this node answer for a boundary. */
bool is_served(const struct call *c, const char *boundary);
/* The boundary to which the caller belongs: the user's, else the component's; "" for the platform's own. */
const char *caller_boundary(const struct caller *caller);
/* NEXT, or R_WRONG_BOUNDARY with the right authority's address, or R_FIPS_REQUIRED when the boundary demands a
 * FIPS provider and we run none. After caller_need_platform. */
step served_check(struct call *c, const char *boundary);
/* Load the platform, check, and go on with `then`. */
step caller_need_served(struct call *c, const char *boundary, step_fn then);

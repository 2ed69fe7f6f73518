/* SPDX-License-Identifier: Apache-2.0 */
/* For which boundaries this node answers. Content, protection, tracking and the administration of a tenant are
 * answered by nodes of its boundary alone; who people are is asked of all of them. */
#pragma once

#include "auth/caller.h"

/* Whether the configuration lets this node answer for a boundary. */
bool boundary_is_served(const struct call *c, const char *boundary);
/* NEXT, or R_WRONG_BOUNDARY with the right authority's address, or R_FIPS_REQUIRED when the boundary demands a
 * FIPS provider and we run none. After facts_need_platform. */
step boundary_guard(struct call *c, const char *boundary);
/* Load the platform, check, and go on with `then`. */
step boundary_guard_then(struct call *c, const char *boundary, step_fn then);
/* Who issues licenses of a boundary: its own address, or this node's. */
const char *boundary_authority_url(const struct call *c, const struct platform_record *platform,
                                   const char *boundary);

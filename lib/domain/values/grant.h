/* SPDX-License-Identifier: Apache-2.0 */
/* Grants: which rights a principal has. Values. */
#pragma once

#include "domain/values/principal.h"
#include "domain/values/rights.h"

/* One principal and what they may do. Grants with the same rights share them: there may be a
 * thousand. */
struct grant {
    struct principal principal;
    const struct rights *rights;
};

/* Add all custom rights that the grants of one policy name. False when these are more than
 * RIGHTS_CUSTOM_MAX: then it is no policy, and none is added. */
bool grants_add_custom(const struct grant *grants, size_t count, struct rights *rights);

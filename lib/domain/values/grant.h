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

/* SPDX-License-Identifier: Apache-2.0 */
#include "scim/scim_fault.h"

#include <stddef.h>

bool scim_fail(struct scim_fault *fault, const char *type, const char *where, const char *why)
{
    if (fault->type == NULL) {
        *fault = (struct scim_fault){.type = type, .where = where, .why = why};
    }
    return false;
}

bool scim_over_budget(struct scim_fault *fault)
{
    return scim_fail(fault, "", "request", "It needs more memory than one request may use.");
}

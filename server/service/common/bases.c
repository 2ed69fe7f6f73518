/* SPDX-License-Identifier: Apache-2.0 */
#include "service/common/bases.h"

#include "service/common/approvable.h"

void *bases_value(const struct call *c)
{
    return (call_state_bases(c) & BASE_APPROVABLE) != 0 ? approvable_of(c)->value : call_state(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/approval.h"

uint32_t approval_requirement(uint32_t asked)
{
    return asked == 0 ? 0 : asked | 1U << APPROVAL_LOWER_REQUIREMENT;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/tenant_name.h"

bool tenant_name_is_valid(struct slice name)
{
    if (name.len == 0 || name.len > TENANT_NAME_MAX || name.ptr[0] < 'a' || name.ptr[0] > 'z') {
        return false;
    }
    for (size_t i = 1; i < name.len; i++) {
        char c = (char)name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}

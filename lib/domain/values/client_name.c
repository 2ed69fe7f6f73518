/* SPDX-License-Identifier: Apache-2.0 */
#include "domain/values/client_name.h"

#include "domain/values/international.h"

struct slice client_name_trim(const char *name)
{
    return international_trim(slice_str(name));
}

static bool is_ascii(struct slice text)
{
    uint8_t all = 0;
    for (size_t i = 0; i < text.len; i++) {
        all |= text.ptr[i];
    }
    return all < 0x80;
}

bool client_name_equals(const char *a, const char *b)
{
    struct slice one = client_name_trim(a), other = client_name_trim(b);
    if (one.len == 0 || other.len == 0) {
        return false;
    }
    return is_ascii(one) && is_ascii(other) ? slice_eq_nocase(one, other)
                                            : international_is_same(one, other);
}

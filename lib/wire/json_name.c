/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_name.h"

#include <ctype.h>

void json_name_of(const char *name, char out[JSON_NAME_BYTES])
{
    size_t len = 0;
    for (bool up = false; *name != '\0' && len < JSON_NAME_BYTES - 1; name++) {
        if (*name == '_') {
            up = true;
            continue;
        }
        out[len++] = up ? (char)toupper((unsigned char)*name) : *name;
        up = false;
    }
    out[len] = '\0';
}

bool json_name_to_proto(struct slice name, char out[JSON_NAME_BYTES])
{
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        bool is_upper = name.ptr[i] >= 'A' && name.ptr[i] <= 'Z';
        if (len + 2 >= JSON_NAME_BYTES) {
            return false;
        }
        if (is_upper) {
            out[len++] = '_';
        }
        out[len++] = (char)(is_upper ? name.ptr[i] + ('a' - 'A') : name.ptr[i]);
    }
    out[len] = '\0';
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/own_addresses.h"

const char **own_addresses(struct call *c, size_t *count)
{
    const struct platform_view *platform = &caller_of(c)->found_platform->view;
    const char **urls = ARENA_ARRAY(call_arena(c), const char *, platform->boundary_count + 1);
    *count = 0;
    if (urls == NULL) {
        return NULL;
    }
    urls[(*count)++] = services_of(c)->authority_url;
    for (size_t i = 0; i < platform->boundary_count; i++) {
        const struct boundary *boundary = &platform->boundaries[i];
        if (boundary->is_served && boundary->authority_url[0] != '\0') {
            urls[(*count)++] = boundary->authority_url;
        }
    }
    return urls;
}

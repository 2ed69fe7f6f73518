/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/invocation.h"

#include <string.h>

static struct invocation current;

const struct invocation *invocation(void)
{
    return &current;
}

void invocation_look(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc && strcmp(argv[i], "--") != 0; i++) {
        current.is_json =
            current.is_json || (strcmp(argv[i], "-o") == 0 && strcmp(argv[i + 1], "json") == 0);
    }
}

void invocation_set(bool is_verbose, uint32_t timeout_s)
{
    current.is_verbose = is_verbose;
    current.timeout_s = timeout_s;
}

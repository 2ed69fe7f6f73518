/* SPDX-License-Identifier: Apache-2.0 */
/* A process that reads a stranger's file lets go of everything else: it reads fonts, has no network, starts nothing, writes
 * no file, and ends when it takes too much. */
#pragma once

#include <stdbool.h>

enum {
    CONFINE_MEMORY_MIB = 768, /* of address space, libraries included */
    CONFINE_CPU_S = 12,
};

/* False: this machine can't confine it (Landlock, seccomp), and `what` says what is missing. Then it must read nothing. */
bool confine(const char **what);

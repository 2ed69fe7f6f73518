/* SPDX-License-Identifier: Apache-2.0 */
/* A process that reads a stranger's file lets go of everything else: it reads fonts, has no network, starts nothing, writes
 * no file, and ends when it takes too much. */
#pragma once

enum {
    CONFINE_MEMORY_MIB = 768, /* of address space, libraries included */
    CONFINE_CPU_S = 12,
};

/* What this machine lacks, so that the process must read nothing. */
enum confined {
    CONFINED,
    CONFINED_BY_NO_LIMITS, /* of resources, or no_new_privs */
    CONFINED_BY_NO_LANDLOCK,
    CONFINED_BY_NO_SECCOMP,
};

enum confined confine(void);

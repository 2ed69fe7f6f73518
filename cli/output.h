/* SPDX-License-Identifier: Apache-2.0 */
/* Files that appear whole or not at all: written beside their place as PATH.part, renamed at the
 * end. */
#pragma once

#include <stdio.h>

#include "base/err.h"
#include "base/slice.h"

struct output {
    FILE *file;
    const char *path; /* "-": standard output, which can't be taken back */
    char part[4096];
};

/* Files are readable by their owner only. All fail with R_STARTUP_FAILED and the system's error. */
rc output_open(const char *path, struct output *out, struct err *err);
rc output_keep(struct output *output, struct err *err);
/* Remove what was written. Returns a failed rc, so that callers can pass their own failure on. */
rc output_drop(struct output *output);
rc output_write(const char *path, struct slice bytes, struct err *err);

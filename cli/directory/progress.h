/* SPDX-License-Identifier: Apache-2.0 */
/* How far long work has come, on standard error: one line that is written over on a terminal,
 * otherwise a line for each tenth. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

struct progress {
    const char *what; /* "entries" */
    uint64_t total;   /* an estimate */
    struct mono_time started;
    unsigned tenths;
    bool is_terminal;
};

void progress_begin(struct progress *progress, const char *what, uint64_t total);
void progress_show(struct progress *progress, uint64_t done);
/* End the line on a terminal. */
void progress_end(const struct progress *progress);
double progress_seconds(const struct progress *progress);

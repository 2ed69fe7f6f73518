/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/directory/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void progress_begin(struct progress *progress, const char *what, uint64_t total)
{
    *progress = (struct progress){.what = what,
                                  .total = total,
                                  .started = clock_mono(),
                                  .is_terminal = isatty(STDERR_FILENO) == 1};
}

double progress_seconds(const struct progress *progress)
{
    double seconds = (double)(clock_mono().ns - progress->started.ns) / 1e9;
    return seconds > 0.001 ? seconds : 0.001;
}

void progress_show(struct progress *progress, uint64_t done)
{
    unsigned tenths = progress->total == 0 ? 10 : (unsigned)(done * 10 / progress->total);
    double rate = ((double)done + 1) / progress_seconds(progress);
    double left = progress->total > done ? (double)(progress->total - done) / rate : 0;
    if (!progress->is_terminal && tenths <= progress->tenths) {
        return;
    }
    progress->tenths = tenths;
    fprintf(stderr, "%s%" PRIu64 " of %" PRIu64 " %s, %.0f/s, %.0f s left%s",
            progress->is_terminal ? "\r" : "", done, progress->total, progress->what, rate, left,
            progress->is_terminal ? "\033[K" : "\n");
    fflush(stderr);
}

void progress_end(const struct progress *progress)
{
    if (progress->is_terminal) {
        fputc('\n', stderr);
    }
}

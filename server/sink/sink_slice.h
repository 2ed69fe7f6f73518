/* SPDX-License-Identifier: Apache-2.0 */
/* How much of the log's time a page looks through. A node whose role sees some boundaries passes over the records of all others,
 * so a page may cost any number of rows and find none. What a slice costs is known when it was read: slices grow while they are
 * quick, and shrink when they aren't. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sink_slice {
    int64_t us;
};

struct sink_slice sink_slice_first(void);
/* The end of the slice behind `at`, which is `until` at most. All times are microseconds of the database's clock. `kept_since`: what
 * is before it has left the log (0: nothing has); a sink that begins has not missed that, and looks behind it at once. */
int64_t sink_slice_end(struct sink_slice slice, int64_t at, int64_t until, int64_t kept_since);
/* A slice was read, and it took so long. */
void sink_slice_took(struct sink_slice *slice, int64_t ms);
/* It could not be read within the statement's limit. False: it is as short as can be. */
bool sink_slice_halve(struct sink_slice *slice);

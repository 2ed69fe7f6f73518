/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/sink_slice.h"

/* Who else waits for a connection of the lane waits for one page. */
enum { QUICK_MS = 200, SLOW_MS = 1000 };
static const int64_t FIRST_US = 3600 * 1000000LL;
static const int64_t LEAST_US = 1000; /* the records of a few commits */
static const int64_t MOST_US = 100LL * 365 * 24 * 3600 * 1000000;

struct sink_slice sink_slice_first(void)
{
    return (struct sink_slice){.us = FIRST_US};
}

int64_t sink_slice_end(struct sink_slice slice, int64_t at, int64_t until, int64_t kept_since)
{
    int64_t end = at == 0 && kept_since > slice.us ? kept_since : at + slice.us;
    return end < until ? end : until;
}

void sink_slice_took(struct sink_slice *slice, int64_t ms)
{
    if (ms <= QUICK_MS && slice->us <= MOST_US / 2) {
        slice->us *= 2;
    } else if (ms >= SLOW_MS) {
        (void)sink_slice_halve(slice);
    }
}

bool sink_slice_halve(struct sink_slice *slice)
{
    if (slice->us / 2 < LEAST_US) {
        return false;
    }
    slice->us /= 2;
    return true;
}

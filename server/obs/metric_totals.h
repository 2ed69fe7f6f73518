/* SPDX-License-Identifier: Apache-2.0 */
/* What all boards have counted, summed up: for whoever tells it, as text or to a collector. */
#pragma once

#include "obs/metric_board.h"

struct metric_info {
    const char *name;
    const char *labels; /* names, comma between */
    const char *help;
};
extern const struct metric_info METRIC_INFOS[M_COUNT_];

/* A series as it is told. */
struct metric_total {
    enum metric metric;
    const char *label1, *label2; /* NULL: it has none. Lend while the boards are there */
    /* Of a metric of seconds in nanoseconds, as counted; of a histogram how many came. */
    int64_t value, sum, buckets[METRIC_BUCKETS + 1];
};

/* Whether values are nanoseconds, and told in seconds. */
bool metric_is_seconds(enum metric metric);
/* The name of the first label or the second one; its length in `len`. */
const char *metric_label_name(enum metric metric, int which, size_t *len);

/* All series that are told, equal ones of several boards in one, by metric. Give the array to xfree. */
struct metric_total *metric_totals(size_t *count);

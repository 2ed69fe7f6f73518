/* SPDX-License-Identifier: Apache-2.0 */
/* Where values of metrics lie: a board, which one process writes and others may read. Inside server/obs.
 *
 * A value is written by one process alone, without a lock. A series is written before it is counted, and never
 * taken back, so whoever reads a board sees whole series. Of a histogram that is being counted up, the buckets
 * are read before the sum; its count is that of its buckets. */
#pragma once

#include <stdatomic.h>

#include "obs/metrics.h"

enum metric_type { COUNTER, GAUGE, GAUGE_MAX, GAUGE_MIN, HISTOGRAM };

enum { METRIC_BUCKETS = 20, METRIC_LABEL_BYTES = 96 };

struct series {
    enum metric metric;
    char label1[METRIC_LABEL_BYTES], label2[METRIC_LABEL_BYTES]; /* empty: none */
    _Atomic bool is_told; /* a gauge whose process has gone is not */
    _Atomic int64_t value;
    _Atomic int64_t sum;                         /* of a histogram */
    _Atomic int64_t buckets[METRIC_BUCKETS + 1]; /* the last one: beyond all bounds */
};

struct metric_board {
    _Atomic uint32_t count;
    struct series series[METRIC_SERIES_MAX];
};

/* All boards of which this process knows: those of all workers, or its own alone. */
const struct metric_board *metric_board_at(size_t index);
size_t metric_board_count(void);
enum metric_type metric_type_of(enum metric metric);
/* The upper bound of the first bucket; each further one is twice as high. */
int64_t metric_first_bound(enum metric metric);

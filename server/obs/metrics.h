/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics, in the Prometheus text format 0.0.4. Series are made on first use and bounded in number. One thread per
 * process.
 *
 * A process has a board of its own. The boards of a supervisor and its workers lie in memory that they share, so that
 * any of them can write what all have counted. A worker's board outlives it: whoever takes its place goes on counting
 * there, so that no counter ever goes down while the supervisor lives. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

enum metric {
#define METRIC(id, type, name, labels, help) M_##id,
#include "obs/metrics.def"
#undef METRIC
    M_COUNT_
};

enum { METRIC_LABELS_MAX = 2, METRIC_SERIES_MAX = 2048 };

struct metric_boards;

/* In a supervisor: make boards for so many workers and for itself, and write on the latter from now on. They stay for
 * the life of the process. */
rc metric_boards_new(size_t workers, struct metric_boards **out, struct err *err);
/* In a worker, first of all: write on its board from now on. Nobody else does meanwhile. */
void metric_boards_use(struct metric_boards *boards, size_t worker);
/* In the supervisor: this worker has gone. Its counters stay, its gauges don't. */
void metric_boards_left(struct metric_boards *boards, size_t worker);

/* Add to a counter, or to a gauge (which may go down). Label values in the order of metrics.def;
 * NULL where the metric has none. They live as long as the process, and are cut after 95 bytes. */
void metric_add(enum metric metric, const char *label1, const char *label2, int64_t delta);
/* Set a gauge. One of seconds is given in nanoseconds, here as everywhere. */
void metric_set(enum metric metric, const char *label1, const char *label2, int64_t value);
/* Raise a gauge to `value`, if it is lower. */
void metric_raise(enum metric metric, const char *label1, const char *label2, int64_t value);
/* Count a value: seconds are given in nanoseconds, entries as they are. */
void metric_observe(enum metric metric, const char *label1, const char *label2, int64_t value);
/* The present value of a counter or gauge of this process, or how many a histogram has counted: for tests and status
 * pages. */
int64_t metric_value(enum metric metric, const char *label1, const char *label2);
/* Write all series, those of all boards summed up: of gauges that can't be, the highest or the lowest. */
void metrics_write(struct buf *out);
/* Forget every series of this process (tests). */
void metrics_reset(void);

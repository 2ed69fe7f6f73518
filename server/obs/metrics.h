/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of this process, in the Prometheus text format 0.0.4. Series are made on first use and
 * bounded in number. One thread per process. */
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

/* Add to a counter, or to a gauge (which may go down). Label values in the order of metrics.def;
 * NULL where the metric has none. Values are static strings of ours. */
void metric_add(enum metric metric, const char *label1, const char *label2, int64_t delta);
/* Raise a gauge to `value`, if it is lower. A gauge of seconds is given in nanoseconds. */
void metric_raise(enum metric metric, const char *label1, const char *label2, int64_t value);
/* Count a value: seconds are given in nanoseconds, entries as they are. */
void metric_observe(enum metric metric, const char *label1, const char *label2, int64_t value);
/* The present value of a counter or gauge, for tests and status pages. */
int64_t metric_value(enum metric metric, const char *label1, const char *label2);
/* Write all series. */
void metrics_write(struct buf *out);
/* Forget every series (tests). */
void metrics_reset(void);

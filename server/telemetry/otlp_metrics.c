/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/otlp_metrics.h"

#include <string.h>

#include "base/mem.h"
#include "obs/metric_totals.h"
#include "wire/pb.h"

typedef Chancery__Otlp__V1__Metric Metric;

static const double NANOSECOND = 1e-9;

struct packing {
    struct arena *arena;
    uint64_t start, now;
};

/* The series of one metric. */
struct family {
    const struct metric_total *totals;
    size_t count;
};

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Nanoseconds since 1970; 0 without a supervisor. */
static uint64_t start_of(const struct metric_total *totals, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (totals[i].metric == M_START_SECONDS) {
            return (uint64_t)totals[i].value;
        }
    }
    return 0;
}

static void add_labels(const struct packing *p, const struct metric_total *t,
                       Chancery__Otlp__V1__KeyValue ***list, size_t *count)
{
    struct otlp_attributes attributes = {.arena = p->arena};
    const char *const labels[METRIC_LABELS_MAX] = {t->label1, t->label2};
    for (int i = 0; i < METRIC_LABELS_MAX; i++) {
        if (labels[i] != NULL) {
            size_t len;
            const char *name = metric_label_name(t->metric, i, &len);
            otlp_add_text(&attributes, arena_dup(p->arena, slice_of(name, len)), labels[i]);
        }
    }
    otlp_give_attributes(&attributes, list, count);
}

static Chancery__Otlp__V1__NumberDataPoint *number_of(const struct packing *p,
                                                      const struct metric_total *t)
{
    Chancery__Otlp__V1__NumberDataPoint *point =
        ARENA_NEW(p->arena, Chancery__Otlp__V1__NumberDataPoint);
    if (point == NULL) {
        return NULL;
    }
    chancery__otlp__v1__number_data_point__init(point);
    point->start_time_unix_nano = metric_type_of(t->metric) == COUNTER ? p->start : 0;
    point->time_unix_nano = p->now;
    if (metric_is_seconds(t->metric)) {
        point->value_case = CHANCERY__OTLP__V1__NUMBER_DATA_POINT__VALUE_AS_DOUBLE;
        point->as_double = (double)t->value * NANOSECOND;
    } else {
        point->value_case = CHANCERY__OTLP__V1__NUMBER_DATA_POINT__VALUE_AS_INT;
        point->as_int = t->value;
    }
    add_labels(p, t, &point->attributes, &point->n_attributes);
    return point;
}

/* The count is that of the buckets (obs/metric_board.h). */
static Chancery__Otlp__V1__HistogramDataPoint *histogram_of(const struct packing *p,
                                                            const struct metric_total *t)
{
    double unit = metric_is_seconds(t->metric) ? NANOSECOND : 1;
    int64_t bound = metric_first_bound(t->metric);
    Chancery__Otlp__V1__HistogramDataPoint *point =
        ARENA_NEW(p->arena, Chancery__Otlp__V1__HistogramDataPoint);
    uint64_t *counts = ARENA_ARRAY(p->arena, uint64_t, METRIC_BUCKETS + 1);
    double *bounds = ARENA_ARRAY(p->arena, double, METRIC_BUCKETS);
    if (point == NULL || counts == NULL || bounds == NULL) {
        return NULL;
    }
    chancery__otlp__v1__histogram_data_point__init(point);
    for (int i = 0; i <= METRIC_BUCKETS; i++) {
        counts[i] = (uint64_t)t->buckets[i];
        point->count += counts[i];
    }
    for (int i = 0; i < METRIC_BUCKETS; i++, bound *= 2) {
        bounds[i] = (double)bound * unit;
    }
    point->start_time_unix_nano = p->start;
    point->time_unix_nano = p->now;
    point->has_sum_case = CHANCERY__OTLP__V1__HISTOGRAM_DATA_POINT__HAS_SUM_SUM;
    point->sum = (double)t->sum * unit;
    point->n_bucket_counts = METRIC_BUCKETS + 1;
    point->bucket_counts = counts;
    point->n_explicit_bounds = METRIC_BUCKETS;
    point->explicit_bounds = bounds;
    add_labels(p, t, &point->attributes, &point->n_attributes);
    return point;
}

static void add_histogram(const struct packing *p, Metric *metric, const struct family *family)
{
    Chancery__Otlp__V1__Histogram *data = ARENA_NEW(p->arena, Chancery__Otlp__V1__Histogram);
    Chancery__Otlp__V1__HistogramDataPoint **points =
        ARENA_ARRAY(p->arena, Chancery__Otlp__V1__HistogramDataPoint *, family->count);
    if (data == NULL || points == NULL) {
        return;
    }
    for (size_t i = 0; i < family->count; i++) {
        points[i] = histogram_of(p, &family->totals[i]);
    }
    chancery__otlp__v1__histogram__init(data);
    data->n_data_points = family->count;
    data->data_points = points;
    data->aggregation_temporality =
        CHANCERY__OTLP__V1__AGGREGATION_TEMPORALITY__AGGREGATION_TEMPORALITY_CUMULATIVE;
    metric->data_case = CHANCERY__OTLP__V1__METRIC__DATA_HISTOGRAM;
    metric->histogram = data;
}

static void add_sum(struct arena *arena, Metric *metric,
                    Chancery__Otlp__V1__NumberDataPoint **points, size_t count)
{
    Chancery__Otlp__V1__Sum *data = ARENA_NEW(arena, Chancery__Otlp__V1__Sum);
    if (data != NULL) {
        chancery__otlp__v1__sum__init(data);
        data->n_data_points = count;
        data->data_points = points;
        data->is_monotonic = 1;
        data->aggregation_temporality =
            CHANCERY__OTLP__V1__AGGREGATION_TEMPORALITY__AGGREGATION_TEMPORALITY_CUMULATIVE;
        metric->data_case = CHANCERY__OTLP__V1__METRIC__DATA_SUM;
        metric->sum = data;
    }
}

static void add_gauge(struct arena *arena, Metric *metric,
                      Chancery__Otlp__V1__NumberDataPoint **points, size_t count)
{
    Chancery__Otlp__V1__Gauge *data = ARENA_NEW(arena, Chancery__Otlp__V1__Gauge);
    if (data != NULL) {
        chancery__otlp__v1__gauge__init(data);
        data->n_data_points = count;
        data->data_points = points;
        metric->data_case = CHANCERY__OTLP__V1__METRIC__DATA_GAUGE;
        metric->gauge = data;
    }
}

static void add_numbers(const struct packing *p, Metric *metric, const struct family *family)
{
    Chancery__Otlp__V1__NumberDataPoint **points =
        ARENA_ARRAY(p->arena, Chancery__Otlp__V1__NumberDataPoint *, family->count);
    for (size_t i = 0; i < family->count && points != NULL; i++) {
        points[i] = number_of(p, &family->totals[i]);
    }
    bool adds_up = metric_type_of(family->totals[0].metric) == COUNTER;
    (adds_up ? add_sum : add_gauge)(p->arena, metric, points, points == NULL ? 0 : family->count);
}

static Metric *metric_of(const struct packing *p, const struct family *family)
{
    const struct metric_info *info = &METRIC_INFOS[family->totals[0].metric];
    Metric *metric = ARENA_NEW(p->arena, Metric);
    if (metric == NULL) {
        return NULL;
    }
    chancery__otlp__v1__metric__init(metric);
    metric->name = otlp_text(info->name);
    metric->description = otlp_text(info->help);
    metric->unit = otlp_text(metric_is_seconds(family->totals[0].metric) ? "s"
                             : ends_with(info->name, "_bytes")           ? "By"
                                                                         : "1");
    if (metric_type_of(family->totals[0].metric) == HISTOGRAM) {
        add_histogram(p, metric, family);
    } else {
        add_numbers(p, metric, family);
    }
    return metric;
}

static rc pack(struct arena *arena, const struct otlp_sender *sender, Metric **metrics,
               size_t count, struct slice *out, struct err *err)
{
    Chancery__Otlp__V1__ExportMetricsRequest request =
        CHANCERY__OTLP__V1__EXPORT_METRICS_REQUEST__INIT;
    Chancery__Otlp__V1__ResourceMetrics resource = CHANCERY__OTLP__V1__RESOURCE_METRICS__INIT;
    Chancery__Otlp__V1__ScopeMetrics scope = CHANCERY__OTLP__V1__SCOPE_METRICS__INIT;
    Chancery__Otlp__V1__ResourceMetrics *resources[] = {&resource};
    Chancery__Otlp__V1__ScopeMetrics *scopes[] = {&scope};
    scope.scope = otlp_scope(arena, sender);
    scope.n_metrics = count;
    scope.metrics = metrics;
    resource.resource = otlp_resource(arena, sender);
    resource.n_scope_metrics = 1;
    resource.scope_metrics = scopes;
    request.n_resource_metrics = 1;
    request.resource_metrics = resources;
    ENSURE(!arena_is_exceeded(arena), err, R_ARENA_EXHAUSTED);
    return pb_pack(arena, &request.base, out, err);
}

static rc pack_totals(const struct packing *p, const struct otlp_sender *sender,
                      const struct metric_total *totals, size_t count, struct slice *out,
                      struct err *err)
{
    Metric *metrics[M_COUNT_];
    size_t families = 0;
    for (size_t i = 0; i < count;) {
        struct family family = {.totals = &totals[i]};
        for (; i < count && totals[i].metric == family.totals->metric; i++) {
            family.count++;
        }
        metrics[families++] = metric_of(p, &family);
    }
    return pack(p->arena, sender, metrics, families, out, err);
}

rc otlp_pack_metrics(struct arena *arena, const struct otlp_sender *sender, int64_t now_unix_ns,
                     struct slice *out, size_t *values, struct err *err)
{
    struct metric_total *totals = metric_totals(values);
    struct packing p = {
        .arena = arena, .start = start_of(totals, *values), .now = (uint64_t)now_unix_ns};
    rc packed = pack_totals(&p, sender, totals, *values, out, err);
    xfree(totals);
    return packed;
}

int64_t otlp_rejected_values(struct arena *arena, struct slice answer, const char **why)
{
    ProtobufCMessage *message = NULL;
    struct err err = {0};
    *why = "";
    if (!pb_unpack(arena, &chancery__otlp__v1__export_metrics_response__descriptor, answer,
                   &message, &err)
             .ok) {
        return 0;
    }
    const Chancery__Otlp__V1__MetricsPartialSuccess *partial =
        ((const Chancery__Otlp__V1__ExportMetricsResponse *)message)->partial_success;
    *why = partial == NULL ? "" : partial->error_message;
    return partial == NULL ? 0 : partial->rejected_data_points;
}

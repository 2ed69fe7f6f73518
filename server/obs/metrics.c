/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/metrics.h"

#include <stdio.h>
#include <string.h>

#include "base/hashmap.h"
#include "base/mem.h"

enum metric_type { COUNTER, GAUGE, HISTOGRAM };

struct metric_info {
    enum metric_type type;
    const char *name;
    const char *labels; /* names, comma between */
    const char *help;
};

static const struct metric_info infos[M_COUNT_] = {
#define METRIC(id, type, name, labels, help) [M_##id] = {type, name, labels, help},
#include "obs/metrics.def"
#undef METRIC
};

/* Upper bounds of buckets, growing by 2: nanoseconds from 32 µs to 17 s, or entries from 1. */
enum { BUCKETS = 20 };
static const int64_t FIRST_NS = 32000;

struct series {
    struct series *next; /* of the same metric */
    const char *label1, *label2;
    int64_t value; /* count of a histogram */
    int64_t sum;
    int64_t buckets[BUCKETS];
};

static struct series *by_metric[M_COUNT_];
static size_t series_count;

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* The series of these labels. Beyond the bound everything shares the first one of the metric:
 * memory stays bounded even if a label that should be static is not. */
static struct series *find_series(enum metric metric, const char *label1, const char *label2)
{
    struct series **link = &by_metric[metric];
    while (*link != NULL && !(same((*link)->label1, label1) && same((*link)->label2, label2))) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        if (series_count >= METRIC_SERIES_MAX && by_metric[metric] != NULL) {
            return by_metric[metric];
        }
        *link = xcalloc(1, sizeof **link);
        (*link)->label1 = label1;
        (*link)->label2 = label2;
        series_count++;
    }
    return *link;
}

/* Labels are static texts, so the same pointers come again and again: a step of a call must not cost a walk
 * through the series of all flows. */
enum { RECENT = 512 };
static struct recent {
    const char *label1, *label2;
    struct series *series;
    enum metric metric;
} recently[RECENT];

static struct series *series_of(enum metric metric, const char *label1, const char *label2)
{
    uintptr_t mixed = (uintptr_t)label1 * 31 + (uintptr_t)label2 * 7 + (uintptr_t)metric;
    struct recent *slot = &recently[(mixed ^ mixed >> 9) % RECENT];
    if (slot->series == NULL || slot->metric != metric || slot->label1 != label1 ||
        slot->label2 != label2) {
        *slot = (struct recent){.label1 = label1,
                                .label2 = label2,
                                .series = find_series(metric, label1, label2),
                                .metric = metric};
    }
    return slot->series;
}

void metric_add(enum metric metric, const char *label1, const char *label2, int64_t delta)
{
    series_of(metric, label1, label2)->value += delta;
}

void metric_raise(enum metric metric, const char *label1, const char *label2, int64_t value)
{
    struct series *s = series_of(metric, label1, label2);
    s->value = value > s->value ? value : s->value;
}

int64_t metric_value(enum metric metric, const char *label1, const char *label2)
{
    return series_of(metric, label1, label2)->value;
}

static bool is_seconds(enum metric metric)
{
    return strstr(infos[metric].name, "_seconds") != NULL;
}

void metric_observe(enum metric metric, const char *label1, const char *label2, int64_t value)
{
    struct series *s = series_of(metric, label1, label2);
    s->value++;
    s->sum += value;
    int64_t bound = is_seconds(metric) ? FIRST_NS : 1;
    for (int i = 0; i < BUCKETS; i++, bound *= 2) {
        if (value <= bound) {
            s->buckets[i]++;
            return;
        }
    }
}

static void write_labels(struct buf *out, const struct metric_info *info, const struct series *s,
                         const char *le)
{
    const char *names = info->labels;
    size_t first = strcspn(names, ",");
    if (s->label1 == NULL && le == NULL) {
        return;
    }
    buf_add_str(out, "{");
    if (s->label1 != NULL) {
        buf_printf(out, "%.*s=\"%s\"", (int)first, names, s->label1);
    }
    if (s->label2 != NULL) {
        buf_printf(out, ",%s=\"%s\"", names + first + 1, s->label2);
    }
    if (le != NULL) {
        buf_printf(out, "%sle=\"%s\"", s->label1 == NULL ? "" : ",", le);
    }
    buf_add_str(out, "}");
}

static void write_sample(struct buf *out, const struct metric_info *info, const struct series *s,
                         const char *suffix, const char *le, const char *value)
{
    buf_add_str(out, info->name);
    buf_add_str(out, suffix);
    write_labels(out, info, s, le);
    buf_printf(out, " %s\n", value);
}

static void write_histogram(struct buf *out, enum metric metric, const struct series *s)
{
    const struct metric_info *info = &infos[metric];
    double unit = is_seconds(metric) ? 1e-9 : 1;
    int64_t bound = is_seconds(metric) ? FIRST_NS : 1;
    int64_t cumulative = 0;
    char le[32], value[32];
    for (int i = 0; i < BUCKETS; i++, bound *= 2) {
        cumulative += s->buckets[i];
        snprintf(le, sizeof le, "%.9g", (double)bound * unit);
        snprintf(value, sizeof value, "%lld", (long long)cumulative);
        write_sample(out, info, s, "_bucket", le, value);
    }
    snprintf(value, sizeof value, "%lld", (long long)s->value);
    write_sample(out, info, s, "_bucket", "+Inf", value);
    write_sample(out, info, s, "_count", NULL, value);
    snprintf(value, sizeof value, "%.9g", (double)s->sum * unit);
    write_sample(out, info, s, "_sum", NULL, value);
}

static void write_value(struct buf *out, enum metric metric, const struct series *s)
{
    const struct metric_info *info = &infos[metric];
    char value[32];
    if (info->type == GAUGE && is_seconds(metric)) {
        snprintf(value, sizeof value, "%.9g", (double)s->value * 1e-9);
    } else {
        snprintf(value, sizeof value, "%lld", (long long)s->value);
    }
    write_sample(out, info, s, "", NULL, value);
}

void metrics_write(struct buf *out)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    for (int m = 0; m < M_COUNT_; m++) {
        const struct metric_info *info = &infos[m];
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", info->name, info->help, info->name,
                   types[info->type]);
        for (const struct series *s = by_metric[m]; s != NULL; s = s->next) {
            if (info->type == HISTOGRAM) {
                write_histogram(out, (enum metric)m, s);
            } else {
                write_value(out, (enum metric)m, s);
            }
        }
    }
}

void metrics_reset(void)
{
    for (int m = 0; m < M_COUNT_; m++) {
        while (by_metric[m] != NULL) {
            struct series *s = by_metric[m];
            by_metric[m] = s->next;
            xfree(s);
        }
    }
    series_count = 0;
    memset(recently, 0, sizeof recently);
}

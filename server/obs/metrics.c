/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "obs/metric_board.h"

struct metric_info {
    const char *name;
    const char *labels; /* names, comma between */
    const char *help;
};

static const struct metric_info infos[M_COUNT_] = {
#define METRIC(id, type, name, labels, help) [M_##id] = {name, labels, help},
#include "obs/metrics.def"
#undef METRIC
};

/* Upper bounds of buckets, growing by 2: nanoseconds from 32 µs to 17 s, or entries from 1. */
static const int64_t FIRST_NS = 32000;

static bool is_seconds(enum metric metric)
{
    return strstr(infos[metric].name, "_seconds") != NULL;
}

int64_t metric_first_bound(enum metric metric)
{
    return is_seconds(metric) ? FIRST_NS : 1;
}

/* --- summing up ------------------------------------------------------------------------------- */

/* A series as it is told. */
struct total {
    enum metric metric;
    const char *label1, *label2;
    int64_t value, sum, buckets[METRIC_BUCKETS + 1];
};

/* One that is told, on one of the boards. */
struct found {
    const struct series *series;
};

static int compare(const void *left, const void *right)
{
    const struct series *a = ((const struct found *)left)->series;
    const struct series *b = ((const struct found *)right)->series;
    if (a->metric != b->metric) {
        return a->metric < b->metric ? -1 : 1;
    }
    int by_first = strcmp(a->label1, b->label1);
    return by_first != 0 ? by_first : strcmp(a->label2, b->label2);
}

static int64_t join(enum metric_type type, int64_t a, int64_t b)
{
    switch (type) {
    case GAUGE_MAX:
        return a > b ? a : b;
    case GAUGE_MIN:
        return a < b ? a : b;
    case COUNTER:
    case GAUGE:
    case HISTOGRAM:
        return a + b;
    }
    return a;
}

static void add_series(struct total *total, const struct series *s)
{
    total->value = join(metric_type_of(total->metric), total->value, atomic_load(&s->value));
    for (int i = 0; i <= METRIC_BUCKETS; i++) {
        total->buckets[i] += atomic_load(&s->buckets[i]);
    }
    total->sum += atomic_load(&s->sum);
}

static struct total total_of(const struct series *first)
{
    struct total total = {.metric = first->metric,
                          .label1 = first->label1[0] == '\0' ? NULL : first->label1,
                          .label2 = first->label2[0] == '\0' ? NULL : first->label2};
    bool is_lowest = metric_type_of(first->metric) == GAUGE_MIN;
    total.value = is_lowest ? INT64_MAX : 0;
    return total;
}

/* All series that are told, equal ones beside each other. */
static struct found *gather(size_t *count)
{
    size_t boards = metric_board_count(), max = 0, n = 0;
    for (size_t i = 0; i < boards; i++) {
        max += atomic_load(&metric_board_at(i)->count);
    }
    struct found *found = xreallocarray(NULL, max + 1, sizeof *found);
    for (size_t i = 0; i < boards; i++) {
        const struct metric_board *board = metric_board_at(i);
        uint32_t on_it = atomic_load(&board->count);
        for (uint32_t k = 0; k < on_it && n < max; k++) {
            if (atomic_load(&board->series[k].is_told)) {
                found[n++].series = &board->series[k];
            }
        }
    }
    qsort(found, n, sizeof *found, compare);
    *count = n;
    return found;
}

/* --- text ------------------------------------------------------------------------------------- */

static void write_label(struct buf *out, const char *name, size_t len, const char *value)
{
    buf_printf(out, "%.*s=\"", (int)len, name);
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\\' || *c == '"') {
            buf_add_byte(out, '\\');
        }
        buf_add_byte(out, *c == '\n' ? ' ' : (uint8_t)*c);
    }
    buf_add_str(out, "\"");
}

static void write_labels(struct buf *out, const struct total *t, const char *le)
{
    const char *names = infos[t->metric].labels;
    size_t first = strcspn(names, ",");
    if (t->label1 == NULL && le == NULL) {
        return;
    }
    buf_add_str(out, "{");
    if (t->label1 != NULL) {
        write_label(out, names, first, t->label1);
    }
    if (t->label2 != NULL) {
        buf_add_str(out, ",");
        write_label(out, names + first + 1, strlen(names + first + 1), t->label2);
    }
    if (le != NULL) {
        buf_printf(out, "%sle=\"%s\"", t->label1 == NULL ? "" : ",", le);
    }
    buf_add_str(out, "}");
}

static void write_sample(struct buf *out, const struct total *t, const char *suffix, const char *le,
                         const char *value)
{
    buf_add_str(out, infos[t->metric].name);
    buf_add_str(out, suffix);
    write_labels(out, t, le);
    buf_printf(out, " %s\n", value);
}

static void write_histogram(struct buf *out, const struct total *t)
{
    double unit = is_seconds(t->metric) ? 1e-9 : 1;
    int64_t bound = metric_first_bound(t->metric), cumulative = 0;
    char le[32], value[32];
    for (int i = 0; i <= METRIC_BUCKETS; i++, bound *= 2) {
        cumulative += t->buckets[i];
        snprintf(le, sizeof le, "%.9g", (double)bound * unit);
        snprintf(value, sizeof value, "%lld", (long long)cumulative);
        write_sample(out, t, "_bucket", i < METRIC_BUCKETS ? le : "+Inf", value);
    }
    write_sample(out, t, "_count", NULL, value);
    snprintf(value, sizeof value, "%.9g", (double)t->sum * unit);
    write_sample(out, t, "_sum", NULL, value);
}

static void write_total(struct buf *out, const struct total *t)
{
    char value[32];
    if (metric_type_of(t->metric) == HISTOGRAM) {
        write_histogram(out, t);
        return;
    }
    if (is_seconds(t->metric)) {
        snprintf(value, sizeof value, "%.13g", (double)t->value * 1e-9);
    } else {
        snprintf(value, sizeof value, "%lld", (long long)t->value);
    }
    write_sample(out, t, "", NULL, value);
}

static void write_head(struct buf *out, enum metric metric)
{
    static const char *const types[] = {[COUNTER] = "counter",
                                        [GAUGE] = "gauge",
                                        [GAUGE_MAX] = "gauge",
                                        [GAUGE_MIN] = "gauge",
                                        [HISTOGRAM] = "histogram"};
    const struct metric_info *info = &infos[metric];
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", info->name, info->help, info->name,
               types[metric_type_of(metric)]);
}

void metrics_write(struct buf *out)
{
    size_t count, i = 0;
    struct found *all = gather(&count);
    for (int m = 0; m < M_COUNT_; m++) {
        write_head(out, (enum metric)m);
        while (i < count && all[i].series->metric == (enum metric)m) {
            struct total total = total_of(all[i].series);
            size_t same = i;
            while (i < count && compare(&all[same], &all[i]) == 0) {
                add_series(&total, all[i++].series);
            }
            write_total(out, &total);
        }
    }
    xfree(all);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics as text, in Prometheus' format. */
#include "obs/metrics.h"

#include <stdio.h>

#include "base/mem.h"
#include "obs/metric_totals.h"

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

static void write_labels(struct buf *out, const struct metric_total *t, const char *le)
{
    const char *const labels[METRIC_LABELS_MAX] = {t->label1, t->label2};
    if (t->label1 == NULL && le == NULL) {
        return;
    }
    buf_add_str(out, "{");
    for (int i = 0; i < METRIC_LABELS_MAX; i++) {
        if (labels[i] != NULL) {
            size_t len;
            const char *name = metric_label_name(t->metric, i, &len);
            buf_add_str(out, i == 0 ? "" : ",");
            write_label(out, name, len, labels[i]);
        }
    }
    if (le != NULL) {
        buf_printf(out, "%sle=\"%s\"", t->label1 == NULL ? "" : ",", le);
    }
    buf_add_str(out, "}");
}

static void write_sample(struct buf *out, const struct metric_total *t, const char *suffix,
                         const char *le, const char *value)
{
    buf_add_str(out, METRIC_INFOS[t->metric].name);
    buf_add_str(out, suffix);
    write_labels(out, t, le);
    buf_printf(out, " %s\n", value);
}

static void write_histogram(struct buf *out, const struct metric_total *t)
{
    double unit = metric_is_seconds(t->metric) ? 1e-9 : 1;
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

static void write_total(struct buf *out, const struct metric_total *t)
{
    char value[32];
    if (metric_type_of(t->metric) == HISTOGRAM) {
        write_histogram(out, t);
        return;
    }
    if (metric_is_seconds(t->metric)) {
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
    const struct metric_info *info = &METRIC_INFOS[metric];
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", info->name, info->help, info->name,
               types[metric_type_of(metric)]);
}

void metrics_write(struct buf *out)
{
    size_t count, i = 0;
    struct metric_total *all = metric_totals(&count);
    for (int m = 0; m < M_COUNT_; m++) {
        write_head(out, (enum metric)m);
        while (i < count && all[i].metric == (enum metric)m) {
            write_total(out, &all[i++]);
        }
    }
    xfree(all);
}

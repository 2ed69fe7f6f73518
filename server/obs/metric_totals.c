/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/metric_totals.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const struct metric_info METRIC_INFOS[M_COUNT_] = {
#define METRIC(id, type, name, labels, help) [M_##id] = {name, labels, help},
#include "obs/metrics.def"
#undef METRIC
};

/* Upper bounds of buckets, growing by 2: nanoseconds from 32 µs to 17 s, or entries from 1. */
static const int64_t FIRST_NS = 32000;

bool metric_is_seconds(enum metric metric)
{
    return strstr(METRIC_INFOS[metric].name, "_seconds") != NULL;
}

int64_t metric_first_bound(enum metric metric)
{
    return metric_is_seconds(metric) ? FIRST_NS : 1;
}

/* --- summing up ------------------------------------------------------------------------------- */

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

static void add_series(struct metric_total *total, const struct series *s)
{
    total->value = join(metric_type_of(total->metric), total->value, atomic_load(&s->value));
    for (int i = 0; i <= METRIC_BUCKETS; i++) {
        total->buckets[i] += atomic_load(&s->buckets[i]);
    }
    total->sum += atomic_load(&s->sum);
}

static struct metric_total total_of(const struct series *first)
{
    struct metric_total total = {.metric = first->metric,
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

const char *metric_label_name(enum metric metric, int which, size_t *len)
{
    const char *names = METRIC_INFOS[metric].labels;
    size_t first = strcspn(names, ",");
    const char *name = which == 0 ? names : names + first + 1;
    *len = which == 0 ? first : strlen(name);
    return name;
}

struct metric_total *metric_totals(size_t *count)
{
    size_t found_count, i = 0;
    struct found *all = gather(&found_count);
    struct metric_total *totals = xreallocarray(NULL, found_count + 1, sizeof *totals);
    for (*count = 0; i < found_count; (*count)++) {
        struct metric_total total = total_of(all[i].series);
        size_t same = i;
        while (i < found_count && compare(&all[same], &all[i]) == 0) {
            add_series(&total, all[i++].series);
        }
        totals[*count] = total;
    }
    xfree(all);
    return totals;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/metric_board.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

/* Shared by a supervisor and its workers. */
struct metric_boards {
    size_t count; /* the last one is the supervisor's */
    struct metric_board boards[];
};

static struct metric_boards *shared; /* NULL: this process has none but its own */
static struct metric_board *own;     /* the one that this process writes */

/* The series of each metric on our own board: indexes plus one, 0 ends. */
static uint16_t first_of[M_COUNT_], next_of[METRIC_SERIES_MAX];

/* metric_first_bound of those that have series: a step of a call must not look into names for it. */
static int64_t first_bounds[M_COUNT_];

static const enum metric_type types[M_COUNT_] = {
#define METRIC(id, type, name, labels, help) [M_##id] = (type),
#include "obs/metrics.def"
#undef METRIC
};

enum metric_type metric_type_of(enum metric metric)
{
    return types[metric];
}

/* Labels live as long as the process, so the same pointers come again and again: a step of a call must not
 * cost a walk through the series of all flows. */
enum { RECENT = 512 };
static struct recent {
    const char *label1, *label2;
    struct series *series;
    enum metric metric;
} recently[RECENT];

/* --- boards ----------------------------------------------------------------------------------- */

static void link_series(uint32_t index)
{
    enum metric metric = own->series[index].metric;
    next_of[index] = first_of[metric];
    first_of[metric] = (uint16_t)(index + 1);
    first_bounds[metric] = metric_first_bound(metric);
}

static void write_on(struct metric_board *board)
{
    own = board;
    memset(first_of, 0, sizeof first_of);
    memset(recently, 0, sizeof recently);
    for (uint32_t i = 0; i < atomic_load(&board->count); i++) {
        link_series(i);
    }
}

rc metric_boards_new(size_t workers, struct metric_boards **out, struct err *err)
{
    size_t bytes = sizeof **out + (workers + 1) * sizeof(*out)->boards[0];
    struct metric_boards *boards = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ENSURE(boards != MAP_FAILED, err, R_STARTUP_FAILED);
    if (shared == NULL) {
        xfree(own); /* what was counted before there were workers to count */
    }
    boards->count = workers + 1;
    *out = shared = boards;
    write_on(&boards->boards[workers]);
    return OK;
}

void metric_boards_use(struct metric_boards *boards, size_t worker)
{
    CH_ASSERT(worker + 1 < boards->count);
    write_on(&boards->boards[worker]);
}

void metric_boards_left(struct metric_boards *boards, size_t worker)
{
    CH_ASSERT(worker + 1 < boards->count);
    struct metric_board *board = &boards->boards[worker];
    for (uint32_t i = 0; i < atomic_load(&board->count); i++) {
        struct series *s = &board->series[i];
        if (types[s->metric] != COUNTER && types[s->metric] != HISTOGRAM) {
            atomic_store(&s->is_told, false);
            atomic_store(&s->value, 0);
        }
    }
}

static struct metric_board *own_board(void)
{
    if (own == NULL) {
        write_on(xcalloc(1, sizeof *own));
    }
    return own;
}

size_t metric_board_count(void)
{
    return shared == NULL ? 1 : shared->count;
}

const struct metric_board *metric_board_at(size_t index)
{
    return shared == NULL ? own_board() : &shared->boards[index];
}

void metrics_reset(void)
{
    memset(own_board(), 0, sizeof *own);
    write_on(own);
}

/* --- series ----------------------------------------------------------------------------------- */

static bool has_label(const char *kept, const char *label)
{
    return strncmp(kept, label == NULL ? "" : label, METRIC_LABEL_BYTES - 1) == 0;
}

static void keep_label(char *kept, const char *label)
{
    snprintf(kept, METRIC_LABEL_BYTES, "%s", label == NULL ? "" : label);
}

/* Beyond the bound everything shares a series of the metric, or the board's last one: memory stays bounded
 * even if a label that should be static is not. */
static struct series *find_series(enum metric metric, const char *label1, const char *label2)
{
    struct metric_board *board = own_board();
    uint32_t count = atomic_load(&board->count);
    for (uint16_t at = first_of[metric]; at != 0; at = next_of[at - 1]) {
        struct series *s = &board->series[at - 1];
        if (has_label(s->label1, label1) && has_label(s->label2, label2)) {
            return s;
        }
    }
    if (count == METRIC_SERIES_MAX) {
        return &board->series[first_of[metric] != 0 ? first_of[metric] - 1U : count - 1];
    }
    struct series *s = &board->series[count];
    s->metric = metric;
    keep_label(s->label1, label1);
    keep_label(s->label2, label2);
    link_series(count);
    atomic_store(&board->count, count + 1);
    return s;
}

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

/* --- values ----------------------------------------------------------------------------------- */

/* Nobody else writes, so what was read is still true. */
static int64_t get(const _Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void put(_Atomic int64_t *value, int64_t now)
{
    atomic_store_explicit(value, now, memory_order_relaxed);
}

static void put_told(struct series *s, int64_t now)
{
    put(&s->value, now);
    atomic_store_explicit(&s->is_told, true, memory_order_release);
}

void metric_add(enum metric metric, const char *label1, const char *label2, int64_t delta)
{
    struct series *s = series_of(metric, label1, label2);
    put_told(s, get(&s->value) + delta);
}

void metric_set(enum metric metric, const char *label1, const char *label2, int64_t value)
{
    put_told(series_of(metric, label1, label2), value);
}

void metric_raise(enum metric metric, const char *label1, const char *label2, int64_t value)
{
    struct series *s = series_of(metric, label1, label2);
    int64_t now = get(&s->value);
    put_told(s, value > now ? value : now);
}

int64_t metric_value(enum metric metric, const char *label1, const char *label2)
{
    return get(&series_of(metric, label1, label2)->value);
}

void metric_observe(enum metric metric, const char *label1, const char *label2, int64_t value)
{
    struct series *s = series_of(metric, label1, label2);
    int64_t bound = first_bounds[metric];
    int bucket = 0;
    for (; bucket < METRIC_BUCKETS && value > bound; bucket++) {
        bound *= 2;
    }
    put(&s->buckets[bucket], get(&s->buckets[bucket]) + 1);
    put(&s->sum, get(&s->sum) + value);
    put_told(s, get(&s->value) + 1);
}

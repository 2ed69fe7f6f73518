/* SPDX-License-Identifier: Apache-2.0 */
/* What waits in a lane is sent when a connection has room. Which connection: the ready one with the
 * fewest operations on their way. Whose operation: that of the party whose turn it is.
 *
 * Where operations may take long, connections carry few at a time, there are two of them at most times, and no party
 * has all: however long one's operations take, the next of another waits for none of them. */
#include "store/pg/pg_lane.h"

#include "base/mem.h"
#include "obs/metrics.h"
#include "store/pg/pg_conn.h"
#include "store/pg/pg_transaction.h"

enum { PARTIES_APART_BELOW = 8 }; /* operations on one connection: lanes.def */

const struct lane_info LANES[STORE_CLASSES] = {
#define LANE(name, text, kept_count, spare_count, depth_max, statement, lock, plan, writes) \
    [STORE_##name] = {.word = #text,                                                        \
                      .kept = (kept_count),                                                 \
                      .spare = (spare_count),                                               \
                      .depth = (depth_max),                                                 \
                      .statement_percent = (statement),                                     \
                      .lock_percent = (lock),                                               \
                      .plans = LANE_##plan,                                                 \
                      .commits = (writes)},
#include "store/pg/lanes.def"
#undef LANE
};

static int percent_of(int configured, unsigned percent)
{
    int64_t ms = (int64_t)configured * percent / 100;
    return ms < 1 ? 1 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

int lane_statement_ms(enum store_class class, int configured)
{
    return percent_of(configured, LANES[class].statement_percent);
}

int lane_lock_ms(enum store_class class, int configured)
{
    return percent_of(configured, LANES[class].lock_percent);
}

unsigned lane_prepares(enum store_class class)
{
    enum { ALL = (1U << STORE_CLASSES) - 1 };
    return class == STORE_ACTS ? ALL & ~(1U << STORE_GATE) : 1U << class;
}

/* --- connections ------------------------------------------------------------------------------ */

static size_t depth_of(const struct pg_lane *lane)
{
    unsigned limit = lane->store->config.in_flight_max;
    return limit != 0 && limit < lane->info->depth ? limit : lane->info->depth;
}

static bool has_room(const struct pg_lane *lane, const struct pg_conn *conn)
{
    return conn->state == PG_READY && conn->transaction == NULL && conn->in_flight < depth_of(lane);
}

/* The ready connection with the fewest operations on their way, or with the most; NULL when none has
 * room. */
static struct pg_conn *choose(const struct pg_lane *lane, bool busiest)
{
    struct pg_conn *best = NULL;
    for (size_t i = 0; i < lane->conn_count; i++) {
        struct pg_conn *conn = &lane->conns[i];
        if (has_room(lane, conn) &&
            (best == NULL ||
             (busiest ? conn->in_flight > best->in_flight : conn->in_flight < best->in_flight))) {
            best = conn;
        }
    }
    return best;
}

static bool has(const struct pg_lane *lane, enum pg_state state)
{
    for (size_t i = 0; i < lane->conn_count; i++) {
        if (lane->conns[i].state == state) {
            return true;
        }
    }
    return false;
}

static bool is_opening(const struct pg_lane *lane)
{
    return has(lane, PG_DUE) || has(lane, PG_CONNECTING) || has(lane, PG_CHECKING) ||
           has(lane, PG_PREPARING) || has(lane, PG_PROVING);
}

/* Somebody waits: one more connection, unless one is on its way already. */
static void open_spare(struct pg_lane *lane)
{
    for (size_t i = lane->kept; i < lane->conn_count && !is_opening(lane); i++) {
        if (lane->conns[i].state == PG_RESTING) {
            pg_conn_open(&lane->conns[i]);
        }
    }
}

/* --- its beginning and end -------------------------------------------------------------------- */

static void run(struct loop_task *task);

static void tell_waiting(const struct pg_lane *lane)
{
    metric_set(M_DB_WAITING, lane->info->word, NULL, (int64_t)lane->waiting.count);
}

void pg_lane_init(struct pg_lane *lane, struct store *store, enum store_class class)
{
    const struct lane_info *info = &LANES[class];
    lane->store = store;
    lane->class = class;
    lane->info = info;
    lane->kept = class == STORE_GATE ? store->config.gate_connections : info->kept;
    lane->conn_count = lane->kept + info->spare;
    lane->conns = xcalloc(lane->conn_count, sizeof lane->conns[0]);
    turns_init(&lane->waiting);
    loop_task_init(&lane->task, run);
    tell_waiting(lane);
    for (size_t i = 0; i < lane->conn_count; i++) {
        pg_conn_init(&lane->conns[i], lane, i >= lane->kept);
    }
}

void pg_lane_fini(struct pg_lane *lane)
{
    for (size_t i = 0; i < lane->conn_count; i++) {
        pg_conn_fini(&lane->conns[i]);
    }
    turns_fini(&lane->waiting);
    loop_task_cancel(&lane->task);
    xfree(lane->conns);
}

bool pg_lane_is_ready(const struct pg_lane *lane)
{
    return lane->kept == 0 || has(lane, PG_READY);
}

bool pg_lane_any_is_ready(const struct store *store)
{
    for (unsigned class = 0; class < STORE_CLASSES; class ++) {
        if (has(&store->lanes[class], PG_READY)) {
            return true;
        }
    }
    return false;
}

/* Whether there is something to wait for. */
static bool may_wait(const struct pg_lane *lane)
{
    return has(lane, PG_READY) || (lane->kept == 0 && (has(lane, PG_RESTING) || is_opening(lane)));
}

/* --- turns ------------------------------------------------------------------------------------ */

/* A transaction counts also while nothing of it is on its way. */
static size_t carried_on(const struct pg_conn *conn, struct uuid party)
{
    if (conn->transaction != NULL) {
        return uuid_eq(pg_transaction_party(conn->transaction), party);
    }
    size_t count = 0;
    LIST_EACH (link, &conn->requests) {
        count += uuid_eq(LIST_ENTRY(link, struct pg_request, link)->party, party);
    }
    return count;
}

/* Whether one connection is left for others, whatever a party has on its way. */
static bool leaves_one(const struct pg_lane *lane)
{
    return lane->info->depth < PARTIES_APART_BELOW;
}

static bool may_go(struct uuid party, void *ctx)
{
    const struct pg_lane *lane = ctx;
    size_t most = lane->conn_count > 1 ? lane->conn_count - 1 : 1, carried = 0;
    for (size_t i = 0; leaves_one(lane) && i < lane->conn_count; i++) {
        carried += carried_on(&lane->conns[i], party);
    }
    return !leaves_one(lane) || carried < most * depth_of(lane);
}

/* Of a lane that leaves one to others: where the party is already, so that it stays off the rest. */
static struct pg_conn *choose_for(const struct pg_lane *lane, const struct store_op *op)
{
    for (size_t i = 0; leaves_one(lane) && i < lane->conn_count; i++) {
        struct pg_conn *conn = &lane->conns[i];
        if (has_room(lane, conn) && carried_on(conn, op->party) > 0) {
            return conn;
        }
    }
    return choose(lane, op->gathers);
}

static void send_on(struct pg_conn *conn, struct store_op *op, const struct pg_segment *segment)
{
    if (!pg_conn_send(conn, op, segment)) {
        pg_fail_later(op, R_DATABASE_UNAVAILABLE, "libpq refused to send");
    } else if (op->transaction != NULL) { /* its BEGIN */
        pg_transaction_take(op->transaction, conn);
    }
}

static void run(struct loop_task *task)
{
    struct pg_lane *lane = LIST_ENTRY(task, struct pg_lane, task);
    struct turn *turn;
    while (choose(lane, false) != NULL &&
           (turn = turns_take_if(&lane->waiting, may_go, lane)) != NULL) {
        struct store_op *op = LIST_ENTRY(turn, struct store_op, turn);
        const struct pg_segment *segment = op->segment;
        op->segment = NULL;
        send_on(choose_for(lane, op), op, segment);
    }
    tell_waiting(lane);
    if (lane->waiting.count > 0) {
        open_spare(lane);
    }
}

void pg_lane_wake(struct pg_lane *lane)
{
    if (lane->waiting.count > 0) {
        loop_defer(lane->store->loop, &lane->task);
    }
}

/* A copy that lives until the operation is done; NULL: no room. */
static const struct pg_segment *keep(struct arena *arena, const struct pg_segment *segment)
{
    struct pg_segment *kept = ARENA_NEW(arena, struct pg_segment);
    struct pg_params *params = ARENA_ARRAY(arena, struct pg_params, segment->count);
    if (kept == NULL || params == NULL) {
        return NULL;
    }
    *kept = *segment;
    for (size_t i = 0; i < segment->count; i++) {
        params[i] = *segment->params[i];
        kept->params[i] = &params[i];
    }
    return kept;
}

static void wait_in_line(struct pg_lane *lane, struct store_op *op,
                         const struct pg_segment *segment)
{
    op->segment = keep(op->arena, segment);
    if (op->segment == NULL) {
        pg_fail_later(op, R_ARENA_EXHAUSTED, "statement that waits");
        return;
    }
    turns_add(&lane->waiting, op->party, &op->turn);
    if (lane->waiting.count > lane->store->config.waiting_max) {
        struct turn *newest = turns_take_newest_of_longest(&lane->waiting);
        pg_fail_later(LIST_ENTRY(newest, struct store_op, turn), R_OVERLOADED, lane->info->word);
    }
    tell_waiting(lane);
    pg_lane_wake(lane);
}

void pg_lane_submit(struct pg_lane *lane, struct store_op *op, const struct pg_segment *segment)
{
    struct pg_conn *conn =
        lane->waiting.count == 0 && may_go(op->party, lane) ? choose_for(lane, op) : NULL;
    if (conn != NULL) {
        send_on(conn, op, segment);
    } else if (may_wait(lane)) {
        wait_in_line(lane, op, segment);
    } else {
        pg_fail_later(op, R_DATABASE_UNAVAILABLE, reason_info(store_problem(lane->store))->name);
    }
}

void pg_lane_lost(struct pg_lane *lane, enum reason problem)
{
    struct turn *turn;
    while (!may_wait(lane) && (turn = turns_take(&lane->waiting)) != NULL) {
        pg_fail_later(LIST_ENTRY(turn, struct store_op, turn), R_DATABASE_UNAVAILABLE,
                      reason_info(problem)->name);
    }
    tell_waiting(lane);
    pg_lane_wake(lane); /* another one may come about */
}

void pg_lane_lose_all(struct store *store, enum reason problem)
{
    for (unsigned class = 0; class < STORE_CLASSES; class ++) {
        const struct pg_lane *lane = &store->lanes[class];
        for (size_t i = 0; i < lane->conn_count; i++) {
            if (lane->conns[i].state == PG_READY) {
                pg_conn_lost(&lane->conns[i], problem);
            }
        }
    }
}

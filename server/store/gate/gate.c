/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's queue. Decisions that are submitted in one turn of the loop share a batch, so one
 * statement and one commit; so do those that come while enough batches are on their way.
 *
 *   gate_submit        end of turn                answer
 *   ----------> WAITING ----------> IN A BATCH --------------------------> done: its verdict
 *                  |                  |   ^  |
 *                  | more than        |   |  | one row failed the statement, by its data or by another
 *                  | GATE_WAITING_MAX |   +--+ transaction in its way: each entry goes again in a batch
 *                  v                  |        of its own, CONFLICTS_MAX times against a transaction
 *               done: R_OVERLOADED    +--> done: the statement's error, R_OUTCOME_UNKNOWN if the
 *                                          connection was lost
 *
 * gate_cancel takes an entry out of either state without `done`: out of the queue, or its place in
 * the batch becomes NULL while the statement goes on.
 *
 * An entry that fails alone because its request id exists has met another one, which has committed
 * content under that id by now. It is told STALE, so its flow decides again and finds that.
 *
 * An entry whose content has no row goes back into the queue, with the row that its seal tells. */
#include "store/gate/gate.h"

#include <string.h>

#include "base/mem.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/gate/gate_batch.h"

/* Batches on their way at once: one being committed per connection and one behind it. More would
 * not be faster, and a batch that waits gets fuller. */
enum { BATCHES_MAX = 4, BATCH_ARENA = 4 << 20, CONFLICTS_MAX = 3 };

struct gate {
    struct loop *loop;
    struct store *store;
    struct amendments *amendments;
    struct turns waiting; /* of entries */
    size_t batches;
    struct loop_task send;
};

static void send_batches(struct loop_task *task);
static void batch_done(struct store_op *op);

struct gate *gate_new(struct loop *loop, struct store *store, struct amendments *amendments)
{
    struct gate *gate = xcalloc(1, sizeof *gate);
    gate->loop = loop;
    gate->store = store;
    gate->amendments = amendments;
    turns_init(&gate->waiting);
    loop_task_init(&gate->send, send_batches);
    return gate;
}

void gate_free(struct gate *gate)
{
    if (gate != NULL) {
        CH_ASSERT(gate->waiting.count == 0 && gate->batches == 0);
        loop_task_cancel(&gate->send);
        xfree(gate);
    }
}

void gate_submit(struct gate *gate, struct gate_entry *entry)
{
    CH_ASSERT(entry->scope_count <= GATE_SCOPES_MAX);
    entry->batch = NULL;
    entry->conflicts = 0;
    entry->is_lost = false;
    entry->event.u = uuid_v7(loop_unix_us(gate->loop));
    err_clear(&entry->err);
    turns_add(&gate->waiting, entry->party, &entry->turn);
    loop_defer_to_turn_end(gate->loop, &gate->send);
}

void gate_cancel(struct gate *gate, struct gate_entry *entry)
{
    if (entry->batch != NULL) {
        gate_batch_forget(entry->batch, entry);
    } else {
        turns_remove(&gate->waiting, &entry->turn);
    }
}

static struct gate_batch *new_batch(struct gate *gate)
{
    struct gate_batch *batch = xcalloc(1, sizeof *batch);
    batch->gate = gate;
    batch->amendments = gate->amendments;
    batch->arena = arena_new(BATCH_ARENA);
    gate->batches++;
    store_op_init(&batch->op, gate->store, batch->arena, batch_done, NULL);
    return batch;
}

static void free_batch(struct gate_batch *batch)
{
    batch->gate->batches--;
    arena_free(batch->arena);
    xfree(batch);
}

static void send_one(struct gate *gate)
{
    struct gate_batch *batch = new_batch(gate);
    while (batch->count < GATE_BATCH_MAX && gate->waiting.count > 0) {
        struct gate_entry *entry = LIST_ENTRY(turns_take(&gate->waiting), struct gate_entry, turn);
        entry->batch = batch;
        batch->entries[batch->count++] = entry;
    }
    metric_observe(M_GATE_BATCH, NULL, NULL, (int64_t)batch->count);
    gate_batch_send(batch);
}

/* Beyond the bound the newest of whoever waits most are refused, so that those that wait keep their
 * place. */
static void refuse_excess(struct gate *gate)
{
    while (gate->waiting.count > GATE_WAITING_MAX) {
        struct gate_entry *entry =
            LIST_ENTRY(turns_take_newest_of_longest(&gate->waiting), struct gate_entry, turn);
        (void)err_raise(&entry->err, R_OVERLOADED, __FILE__, __LINE__, "gate is full");
        entry->done(entry);
    }
}

static void send_batches(struct loop_task *task)
{
    struct gate *gate = LIST_ENTRY(task, struct gate, send);
    while (gate->batches < BATCHES_MAX && gate->waiting.count > 0) {
        send_one(gate);
    }
    refuse_excess(gate);
}

/* One row at fault must not fail the others: each goes again by itself. */
static void send_singly(struct gate *gate, struct gate_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct gate_entry *entry = batch->entries[i];
        if (entry != NULL) {
            struct gate_batch *single = new_batch(gate);
            single->entries[single->count++] = entry;
            entry->batch = single;
            gate_batch_send(single);
        }
    }
}

/* A deadlock, or a lock that was held for long: by whom, nobody says. */
static bool is_in_the_way(enum reason reason)
{
    return reason == R_DATABASE_CONFLICT || reason == R_DATABASE_LOCKED;
}

/* Whether the batch failed in a way in which some or all of its entries may still succeed. Nothing of
 * it was recorded. */
static bool may_succeed(struct gate_batch *batch)
{
    enum reason reason = batch->op.err.reason;
    struct gate_entry *first = batch->entries[0];
    if (is_in_the_way(reason) && batch->count == 1) {
        return first != NULL && ++first->conflicts < CONFLICTS_MAX;
    }
    return batch->count > 1 && (reason == R_DATABASE_ERROR || reason == R_ALREADY_EXISTS ||
                                reason == R_PRECONDITION_FAILED || reason == R_ARENA_EXHAUSTED ||
                                is_in_the_way(reason));
}

static void count_result(const struct gate_entry *entry)
{
    static const char *const names[] = {"recorded", "stale", "facts_changed", "already",
                                        "content_lost"};
    bool ok = entry->err.reason == R_NONE;
    metric_add(M_GATE_RESULTS, ok ? names[entry->verdict] : "error", NULL, 1);
}

/* Whoever has no seal, because they know the content from its row, has to look for it again. */
static void record_lost(struct gate *gate, struct gate_entry *entry)
{
    if (entry->sealed == NULL) {
        entry->verdict = GATE_STALE;
        entry->done(entry);
        return;
    }
    log_event(LOG_WARNING, "gate.content_lost", F_ID("tenant", entry->tenant),
              F_ID("content", entry->content));
    entry->is_lost = true;
    turns_add(&gate->waiting, entry->party, &entry->turn);
}

static void batch_done(struct store_op *op)
{
    struct gate_batch *batch = LIST_ENTRY(op, struct gate_batch, op);
    struct gate *gate = batch->gate;
    if (may_succeed(batch)) {
        send_singly(gate, batch);
        free_batch(batch);
        return;
    }
    for (size_t i = 0; i < batch->count; i++) {
        struct gate_entry *entry = batch->entries[i];
        if (entry == NULL) {
            continue;
        }
        entry->batch = NULL;
        if (op->err.reason != R_NONE) {
            entry->err = op->err; /* else an entry may have one of its own */
        }
        if (op->err.reason == R_ALREADY_EXISTS) {
            /* The same request id came twice at once: the other one has committed by now. */
            err_clear(&entry->err);
            entry->verdict = GATE_STALE;
        }
        count_result(entry);
        if (entry->err.reason == R_NONE && entry->verdict == GATE_CONTENT_LOST) {
            record_lost(gate, entry);
        } else {
            entry->done(entry);
        }
    }
    free_batch(batch);
    if (gate->waiting.count > 0) {
        loop_defer_to_turn_end(gate->loop, &gate->send);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The gate's queue. Decisions that are submitted in one turn of the loop share a batch, so one
 * statement and one commit; so do those that come while enough batches are on their way.
 *
 *   gate_submit        end of turn                answer
 *   ----------> WAITING ----------> IN A BATCH --------------------------> done: its verdict
 *                  |                  |   ^  |
 *                  | more than        |   |  | the statement failed for one row's data: each
 *                  | GATE_WAITING_MAX |   +--+ entry goes again in a batch of its own
 *                  v                  |
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
enum { BATCHES_MAX = 4, BATCH_ARENA = 4 << 20 };

struct gate {
    struct loop *loop;
    struct store *store;
    struct amendments *amendments;
    struct list waiting; /* of entries */
    size_t waiting_count;
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
    list_init(&gate->waiting);
    loop_task_init(&gate->send, send_batches);
    return gate;
}

void gate_free(struct gate *gate)
{
    if (gate != NULL) {
        CH_ASSERT(list_is_empty(&gate->waiting) && gate->batches == 0);
        loop_task_cancel(&gate->send);
        xfree(gate);
    }
}

void gate_submit(struct gate *gate, struct gate_entry *entry)
{
    CH_ASSERT(entry->scope_count <= GATE_SCOPES_MAX);
    entry->batch = NULL;
    entry->is_lost = false;
    entry->event.u = uuid_v7(loop_unix_us(gate->loop));
    err_clear(&entry->err);
    list_append(&gate->waiting, &entry->link);
    gate->waiting_count++;
    loop_defer_to_turn_end(gate->loop, &gate->send);
}

void gate_cancel(struct gate *gate, struct gate_entry *entry)
{
    if (entry->batch != NULL) {
        gate_batch_forget(entry->batch, entry);
    } else if (!list_is_empty(&entry->link)) {
        list_remove(&entry->link);
        gate->waiting_count--;
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
    while (batch->count < GATE_BATCH_MAX && !list_is_empty(&gate->waiting)) {
        struct gate_entry *entry = LIST_ENTRY(list_pop(&gate->waiting), struct gate_entry, link);
        gate->waiting_count--;
        entry->batch = batch;
        batch->entries[batch->count++] = entry;
    }
    metric_observe(M_GATE_BATCH, NULL, NULL, (int64_t)batch->count);
    gate_batch_send(batch);
}

/* Beyond the bound the newest are refused, so that those that wait keep their place. */
static void refuse_excess(struct gate *gate)
{
    while (gate->waiting_count > GATE_WAITING_MAX) {
        struct gate_entry *entry = LIST_ENTRY(gate->waiting.prev, struct gate_entry, link);
        list_remove(&entry->link);
        gate->waiting_count--;
        (void)err_raise(&entry->err, R_OVERLOADED, __FILE__, __LINE__, "gate is full");
        entry->done(entry);
    }
}

static void send_batches(struct loop_task *task)
{
    struct gate *gate = LIST_ENTRY(task, struct gate, send);
    while (gate->batches < BATCHES_MAX && !list_is_empty(&gate->waiting)) {
        send_one(gate);
    }
    refuse_excess(gate);
}

/* One row's bad data must not fail the others: each goes again by itself. */
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
    list_append(&gate->waiting, &entry->link);
    gate->waiting_count++;
}

static void batch_done(struct store_op *op)
{
    struct gate_batch *batch = LIST_ENTRY(op, struct gate_batch, op);
    struct gate *gate = batch->gate;
    bool is_data = op->err.reason == R_DATABASE_ERROR || op->err.reason == R_ALREADY_EXISTS ||
                   op->err.reason == R_PRECONDITION_FAILED || op->err.reason == R_ARENA_EXHAUSTED;
    if (is_data && batch->count > 1) {
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
        list_init(&entry->link);
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
    if (!list_is_empty(&gate->waiting)) {
        loop_defer_to_turn_end(gate->loop, &gate->send);
    }
}

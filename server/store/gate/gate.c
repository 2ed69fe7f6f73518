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
 * An entry whose content has no row goes back into the queue, with the row that its seal tells.
 *
 * A party that has nothing in any batch doesn't wait for the batches of others: its first entry goes in an
 * express batch, at once. As long as there are such, the other batches keep to one connection, so that
 * express ones find the other free. */
#include "store/gate/gate.h"

#include <string.h>

#include "base/hashmap.h"
#include "base/mem.h"
#include "obs/log.h"
#include "obs/metrics.h"
#include "store/gate/gate_batch.h"

/* Batches on their way at once: one being committed per connection and one behind it. More would
 * not be faster, and a batch that waits gets fuller. */
enum { BATCHES_MAX = 4, BATCH_ARENA = 4 << 20, CONFLICTS_MAX = 3 };
/* In a crowd: on one connection one that is committed and one behind it; express ones likewise. A crowd
 * is one for so long after its last express batch. */
enum { BATCHES_IN_CROWD = 2, EXPRESS_MAX = 2, CROWD_MS = 1000 };

struct gate {
    struct loop *loop;
    struct store *store;
    struct amendments *amendments;
    struct turns waiting;    /* of entries */
    struct hashmap *parties; /* of struct party: those that have entries in batches */
    size_t batches, express; /* the latter are among the former */
    struct mono_time crowd_until;
    struct loop_task send;
};

struct party {
    size_t entries; /* in batches */
};

/* More than there are entries in batches. */
enum { PARTIES_MAX = 1 << 16 };

static void send_batches(struct loop_task *task);
static void batch_done(struct store_op *op);

struct gate *gate_new(struct loop *loop, struct store *store, struct amendments *amendments)
{
    struct gate *gate = xcalloc(1, sizeof *gate);
    gate->loop = loop;
    gate->store = store;
    gate->amendments = amendments;
    turns_init(&gate->waiting);
    gate->parties = hashmap_new(PARTIES_MAX, xfree);
    loop_task_init(&gate->send, send_batches);
    metric_set(M_GATE_WAITING, NULL, NULL, 0);
    return gate;
}

void gate_free(struct gate *gate)
{
    if (gate != NULL) {
        CH_ASSERT(gate->waiting.count == 0 && gate->batches == 0);
        loop_task_cancel(&gate->send);
        hashmap_free(gate->parties);
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

/* --- parties ---------------------------------------------------------------------------------- */

static struct slice key_of(const struct gate_entry *entry)
{
    return slice_of(entry->party.b, UUID_BYTES);
}

static void enter_batch(struct gate_batch *batch, struct gate_entry *entry)
{
    struct hashmap *parties = batch->gate->parties;
    struct party *party = hashmap_get(parties, key_of(entry));
    if (party == NULL) {
        party = xcalloc(1, sizeof *party);
        hashmap_put(parties, key_of(entry), party);
    }
    party->entries++;
    entry->batch = batch;
    batch->entries[batch->count++] = entry;
}

static void leave_batch(struct gate *gate, struct gate_entry *entry)
{
    struct party *party = hashmap_get(gate->parties, key_of(entry));
    CH_ASSERT(party != NULL);
    if (--party->entries == 0) {
        (void)hashmap_remove(gate->parties, key_of(entry));
    }
    entry->batch = NULL;
}

static bool has_none_on_its_way(struct uuid party, void *ctx)
{
    const struct gate *gate = ctx;
    return hashmap_get(gate->parties, slice_of(party.b, UUID_BYTES)) == NULL;
}

/* --- batches ---------------------------------------------------------------------------------- */

void gate_cancel(struct gate *gate, struct gate_entry *entry)
{
    if (entry->batch != NULL) {
        gate_batch_forget(entry->batch, entry);
        leave_batch(gate, entry);
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
    batch->gate->express -= batch->is_express;
    arena_free(batch->arena);
    xfree(batch);
}

static bool is_crowd(const struct gate *gate)
{
    return loop_now(gate->loop).ns < gate->crowd_until.ns;
}

static void send(struct gate *gate, struct gate_batch *batch)
{
    metric_observe(M_GATE_BATCH, NULL, NULL, (int64_t)batch->count);
    batch->op.gathers = !batch->is_express && is_crowd(gate);
    gate_batch_send(batch);
}

static struct gate_entry *entry_of(struct turn *turn)
{
    return LIST_ENTRY(turn, struct gate_entry, turn);
}

static void send_one(struct gate *gate)
{
    struct gate_batch *batch = new_batch(gate);
    while (batch->count < GATE_BATCH_MAX && gate->waiting.count > 0) {
        enter_batch(batch, entry_of(turns_take(&gate->waiting)));
    }
    send(gate, batch);
}

/* One entry of each party that has none on its way. */
static void send_express(struct gate *gate)
{
    struct turn *turn = turns_take_if(&gate->waiting, has_none_on_its_way, gate);
    if (turn == NULL) {
        return;
    }
    struct gate_batch *batch = new_batch(gate);
    batch->is_express = true;
    gate->express++;
    gate->crowd_until = mono_add_ms(loop_now(gate->loop), CROWD_MS);
    while (turn != NULL) {
        enter_batch(batch, entry_of(turn));
        turn = batch->count < GATE_BATCH_MAX
                   ? turns_take_if(&gate->waiting, has_none_on_its_way, gate)
                   : NULL;
    }
    send(gate, batch);
}

/* Beyond the bound the newest of whoever waits most are refused, so that those that wait keep their
 * place. */
static void refuse_excess(struct gate *gate)
{
    while (gate->waiting.count > GATE_WAITING_MAX) {
        struct gate_entry *entry = entry_of(turns_take_newest_of_longest(&gate->waiting));
        (void)err_raise(&entry->err, R_OVERLOADED, __FILE__, __LINE__, "gate is full");
        entry->done(entry);
    }
}

static void send_batches(struct loop_task *task)
{
    struct gate *gate = LIST_ENTRY(task, struct gate, send);
    if (gate->batches > 0 && gate->express < EXPRESS_MAX) {
        send_express(gate);
    }
    size_t most = is_crowd(gate) ? BATCHES_IN_CROWD : BATCHES_MAX;
    while (gate->batches - gate->express < most && gate->waiting.count > 0) {
        send_one(gate);
    }
    refuse_excess(gate);
    metric_set(M_GATE_WAITING, NULL, NULL, (int64_t)gate->waiting.count);
}

/* One row at fault must not fail the others: each goes again by itself. */
static void send_singly(struct gate *gate, struct gate_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct gate_entry *entry = batch->entries[i];
        if (entry != NULL) {
            struct gate_batch *single = new_batch(gate);
            leave_batch(gate, entry);
            enter_batch(single, entry);
            send(gate, single);
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
    if (entry->sealed == NULL || entry->tells_lost) {
        entry->verdict = entry->tells_lost ? GATE_CONTENT_LOST : GATE_STALE;
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
        leave_batch(gate, entry);
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

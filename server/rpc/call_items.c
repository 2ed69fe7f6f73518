/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: another method is done once for each item of a request.
 *
 * Each item is a call of its own with the flow of the single method, so a batch is no copy of it. It has the
 * caller, the deadline and the request id of the batch, an arena and a place in its party's line, and in the
 * place of a stream the batch, which waits for its answer:
 *
 *   batch    … ─▶ items ─────────────── waits ──────────────▶ reply
 *                  │ 1: parse … decide ─┐            ┌─ issue, reply
 *                  ├ 2: parse … decide ─┤ one submit ├─ issue, reply
 *                  └ 3: refused ────────┘            └─ error
 *
 * They meet where they wait for what they do together (call_wait_together): each that comes there waits until
 * all others have come too, or have ended. Whoever is sent back from there, because what it was decided on is
 * no longer true, meets those who were sent back as well, when the others have ended.
 *
 * When the client of a batch goes, its items end as calls end whose clients go: at once before they commit, and
 * those that do are finished and logged. They use what the batch knows of its caller, so they keep it. */
#include <string.h>

#include "base/mem.h"
#include "obs/metrics.h"
#include "rpc/call_internal.h"

/* --- what came -------------------------------------------------------------------------------- */

/* As what each item is done. */
static const struct method *item_method(const struct flow *batch)
{
    const struct flow *item = flow_is_sequence(batch) ? batch : batch->item;
    return item->item_method != NULL ? item->item_method : rpc_find_method(item->method, NULL);
}

const ProtobufCFieldDescriptor *call_items_field(const struct flow *batch,
                                                 const struct method *method)
{
    const ProtobufCMessageDescriptor *request = method->request,
                                     *item = item_method(batch)->request;
    for (unsigned i = 0; i < request->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &request->fields[i];
        if (field->label == PROTOBUF_C_LABEL_REPEATED && field->descriptor == item) {
            return field;
        }
    }
    return NULL;
}

bool call_is_taken_apart(const struct call *c)
{
    return flow_has_items(c->flow) && c->codec->split != NULL && c->method->request->n_fields == 1;
}

static struct call_items *new_items(struct call *c)
{
    struct call_items *items = ARENA_NEW(c->arena, struct call_items);
    if (items != NULL) {
        items->batch = c;
        list_init(&items->meeting);
    }
    c->items = items;
    return items;
}

static const void *member(const ProtobufCMessage *message, unsigned offset)
{
    return (const uint8_t *)message + offset;
}

rc call_take_whole(struct call *c, const ProtobufCMessage *request, struct err *err)
{
    const ProtobufCFieldDescriptor *field = call_items_field(c->flow, c->method);
    struct call_items *items = new_items(c);
    ARENA_ENSURE(items, err);
    items->count = *(const size_t *)member(request, field->quantifier_offset);
    items->messages = *(const ProtobufCMessage *const *const *)member(request, field->offset);
    return OK;
}

/* The bytes outlive what net lends them for. */
rc call_take_parts(struct call *c, struct slice bytes, struct err *err)
{
    struct call_items *items = new_items(c);
    ARENA_ENSURE(items, err);
    TRY(arena_dup_slice(c->arena, bytes, &bytes, err));
    return c->codec->split(c->arena, bytes, call_items_field(c->flow, c->method)->id,
                           c->flow->items_max + 1, &items->parts, &items->count, err);
}

size_t call_body_max(const struct call *c)
{
    bool is_whole = flow_has_items(c->flow) && !call_is_taken_apart(c);
    size_t max = c->codec->message_max(c->method);
    return is_whole && max > WHOLE_BATCH_MAX ? WHOLE_BATCH_MAX : max;
}

/* --- one item --------------------------------------------------------------------------------- */

static rc read_request(struct call *c, struct err *err)
{
    struct call_items *items = c->part_of;
    ProtobufCMessage *message = NULL;
    struct pb_flaw flaw = {0};
    if (items->messages != NULL) {
        c->request = items->messages[c->item_index];
        return OK;
    }
    struct slice bytes = items->parts[c->item_index];
    ENSURE(bytes.len <= c->method->max_request_bytes, err, R_MESSAGE_TOO_LARGE);
    rc decoded = c->codec->decode(c->arena, c->method, bytes, &flaw, &message, err);
    if (!decoded.ok && flaw.path[0] != '\0') {
        call_note_bad_field(c, flaw.path, flaw.why);
    }
    TRY(decoded);
    c->request = message;
    return OK;
}

rc call_prepare_item(struct call *c, struct err *err)
{
    size_t caller_bytes = c->rpc->authenticator->caller_size;
    c->caller = arena_alloc(c->arena, caller_bytes);
    ARENA_ENSURE(c->caller, err);
    memcpy(c->caller, c->part_of->batch->caller, caller_bytes);
    return read_request(c, err);
}

static rc prepare(struct call *c, struct err *err)
{
    c->state = arena_zalloc(c->arena, c->flow->state.size);
    ARENA_ENSURE(c->state, err);
    return call_prepare_item(c, err);
}

static void begin_item(struct call *c)
{
    if (c->phase == PHASE_ANSWERED) {
        return; /* the batch's client went while it was queued */
    }
    c->phase = PHASE_RUNNING;
    c->has_begun = true;
    if (prepare(c, &c->err).ok) {
        call_run(c, (step){STEP_KIND_MOVED});
    } else {
        call_answer(c);
    }
}

/* What it is told of its caller lies in the batch's arena. */
struct call *call_new_item(struct call_items *items, const struct method *method,
                           const struct flow *flow, size_t index)
{
    const struct call *batch = items->batch;
    struct call *c = xcalloc(1, sizeof *c);
    c->rpc = batch->rpc;
    c->facts = batch->facts;
    c->method = method;
    c->flow = flow;
    c->codec = batch->codec;
    c->part_of = items;
    c->item_index = index;
    c->is_behind = true;
    c->phase = PHASE_RECEIVING;
    c->is_known = true;
    c->holders = HOLD_STREAM;
    c->arena_bytes = c->rpc->limits.arena_base_bytes +
                     c->rpc->limits.arena_factor * method->max_request_bytes + c->flow->memory;
    c->arena = arena_new(c->arena_bytes);
    c->started = loop_now(c->rpc->loop);
    c->deadline = batch->deadline;
    c->known_at = batch->known_at;
    c->party = batch->party;
    c->caller_name = batch->caller_name;
    memcpy(c->request_id, batch->request_id, sizeof c->request_id);
    list_append(&c->rpc->calls, &c->link);
    c->rpc->active++;
    metric_add(M_CALLS_ACTIVE, NULL, NULL, 1);
    return c;
}

/* --- meeting ---------------------------------------------------------------------------------- */

/* All begin what they wait for, in the order in which they came. */
static void go_on_together(struct call_items *items)
{
    struct list *link;
    while ((link = list_pop(&items->meeting)) != NULL) {
        struct call *c = LIST_ENTRY(link, struct call, meeting);
        void (*begin_op)(void *op) = c->begin_op;
        c->begin_op = NULL;
        c->is_behind = true;
        items->behind++;
        begin_op(c->op);
    }
}

static void no_longer_behind(struct call *c)
{
    struct call_items *items = c->part_of;
    items->behind -= c->is_behind;
    c->is_behind = false;
    if (items->behind == 0 && !items->is_over) {
        go_on_together(items);
    }
}

step call_wait_together(struct call *c, void (*begin_op)(void *op), step_fn then,
                        void (*cancel)(void *op), void *op)
{
    step waiting = call_wait(c, then, cancel, op);
    if (c->part_of == NULL || c->part_of->is_over || flow_is_sequence(c->part_of->batch->flow)) {
        begin_op(op);
        return waiting;
    }
    c->begin_op = begin_op;
    list_append(&c->part_of->meeting, &c->meeting);
    no_longer_behind(c);
    return waiting;
}

void call_leave_meeting(struct call *c)
{
    list_remove(&c->meeting);
    c->begin_op = NULL;
}

/* --- the end of items ------------------------------------------------------------------------- */

void call_item_answered(struct call *c)
{
    struct call_items *items = c->part_of;
    if (flow_is_sequence(items->batch->flow)) {
        call_sequence_answered(c);
        return;
    }
    no_longer_behind(c);
    if (--items->unanswered == 0) {
        call_resume(items->batch);
    }
}

void call_item_freed(struct call_items *items)
{
    if (--items->alive == 0) {
        call_release(items->batch, HOLD_ITEMS);
    }
}

static void let_go(struct call *c)
{
    (void)c; /* what holds it is gone after this */
}

/* Nobody waits for its answer any more. The memory of all of them may be much, and each is wiped, so they are freed one at
 * a time. The last one to answer is running still, and lets the batch go on. */
void call_drop_item(struct call *c)
{
    bool is_running = (c->holders & HOLD_RUN) != 0;
    c->holders |= HOLD_RUN;
    c->holders &= ~(unsigned)HOLD_STREAM;
    if (c->phase != PHASE_ANSWERED) {
        call_abort(c, R_CANCELLED);
    }
    if (c->phase == PHASE_ANSWERED && (c->holders & HOLD_QUEUED) == 0) {
        call_queue(c, let_go);
    }
    if (!is_running) {
        call_release(c, HOLD_RUN);
    }
}

void call_drop_items(struct call *c)
{
    struct call_items *items = c->items;
    if (items == NULL || items->calls == NULL || items->is_over) {
        return;
    }
    items->is_over = true;
    for (size_t i = 0; i < items->count; i++) {
        if (items->calls[i] != NULL) {
            call_drop_item(items->calls[i]);
        }
    }
    go_on_together(items); /* refusals that are being recorded */
}

static void cancel_items(void *op)
{
    call_drop_items(op);
}

/* --- for flows -------------------------------------------------------------------------------- */

size_t call_item_count(const struct call *c)
{
    return c->items->count;
}

static step verified(struct call *c)
{
    call_note_verified(c); /* each that was granted was */
    return STEP_NEXT;
}

/* The answer may be large: it has a turn of its own. */
static step all_answered(struct call *c)
{
    return call_yield(c, verified);
}

static step may_do_items(struct call *c)
{
    step (*on_items)(struct call * c, size_t count) = c->rpc->authenticator->on_items;
    step joined = call_join_items(c, c->items->count);
    return step_failed(joined) || on_items == NULL ? joined : on_items(c, c->items->count);
}

step call_do_items(struct call *c)
{
    struct call_items *items = c->items;
    const struct method *method = item_method(c->flow);
    CH_ASSERT(items->calls == NULL && items->count > 0 && items->count <= c->flow->items_max);
    if (step_failed(may_do_items(c))) {
        return STEP_FAILED;
    }
    items->calls = ARENA_ARRAY(c->arena, struct call *, items->count);
    if (items->calls == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "items");
    }
    items->alive = items->unanswered = items->behind = items->count;
    c->holders |= HOLD_ITEMS;
    for (size_t i = 0; i < items->count; i++) {
        items->calls[i] = call_new_item(items, method, c->flow->item, i);
        call_join_as_item(items->calls[i], c);
        call_queue(items->calls[i], begin_item);
    }
    return call_wait(c, all_answered, cancel_items, c);
}

struct call_outcome call_item_outcome(const struct call *c, size_t index)
{
    const struct call *item = c->items->calls[index];
    CH_ASSERT(item->phase == PHASE_ANSWERED);
    return (struct call_outcome){.reply = item->err.reason == R_NONE ? item->reply : NULL,
                                 .reason = item->err.reason,
                                 .metadata = item->metadata,
                                 .metadata_count = item->metadata_count,
                                 .violations = item->violations,
                                 .violation_count = item->violation_count};
}

const void *call_batch_state(const struct call *c)
{
    return c->part_of->batch->state;
}

size_t call_item_index(const struct call *c)
{
    return c->item_index;
}

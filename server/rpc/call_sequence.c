/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences: requests of other methods, done one after another until one fails.
 *
 * Each item is a call of its own, as those of a batch are (call_items.c), with the method and the flow of its request. So it
 * is authenticated anew and asked whether it may, and checked, done and logged as if it had come by itself, after all
 * before it. One is there at a time: when it has come to its end the flow is told, and it goes. */
#include <stdio.h>

#include "rpc/call_internal.h"

/* --- which method an item is -------------------------------------------------------------------- */

/* The one message of an item's oneof, and the field that has it; NULL: none is set. */
static const ProtobufCMessage *chosen(const ProtobufCMessage *item,
                                      const ProtobufCFieldDescriptor **field)
{
    const ProtobufCMessageDescriptor *type = item->descriptor;
    for (unsigned i = 0; i < type->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &type->fields[i];
        const char *base = (const char *)item;
        uint32_t set = *(const uint32_t *)(const void *)(base + f->quantifier_offset);
        if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 && set == f->id) {
            *field = f;
            return *(const ProtobufCMessage *const *)(const void *)(base + f->offset);
        }
    }
    return NULL;
}

/* What is done by itself; NULL: no method has such a request, or it is answered otherwise. */
static const struct flow *flow_of(const struct rpc *rpc, const ProtobufCMessageDescriptor *request)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const struct flow *flow = rpc->flows[i];
        if (METHODS[i].request == request && flow != NULL && !METHODS[i].server_streams &&
            flow->trust == TRUST_NOTHING && !flow_has_items(flow)) {
            return flow;
        }
    }
    return NULL;
}

static step choose(struct call *c)
{
    const ProtobufCFieldDescriptor *field = NULL;
    const ProtobufCMessage *request = chosen(c->request, &field);
    if (request == NULL) {
        return call_bad_field(c, "", "One request is required.");
    }
    const struct flow *flow = flow_of(c->rpc, request->descriptor);
    if (flow == NULL) {
        return call_fail(c, R_METHOD_UNIMPLEMENTED, "%s", field->name);
    }
    c->flow = flow;
    c->method = rpc_find_method(flow->method, NULL);
    c->request = request;
    if (protobuf_c_message_get_packed_size(request) > c->method->max_request_bytes) {
        return call_fail(c, R_MESSAGE_TOO_LARGE, "%s", field->name);
    }
    c->state = arena_zalloc(c->arena, flow->state.size);
    return c->state == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "%s", flow->name) : STEP_NEXT;
}

/* --- one item ----------------------------------------------------------------------------------- */

static void begin_item(struct call *c)
{
    if (c->phase == PHASE_ANSWERED) {
        return; /* the client went while it was queued */
    }
    c->has_begun = true;
    if (!call_prepare_item(c, &c->err).ok || step_failed(choose(c))) {
        call_answer(c);
        return;
    }
    c->phase = PHASE_AUTHENTICATING;
    c->is_known = false;
    call_run(c, call_enter(c, c->rpc->authenticator->authenticate));
}

static void queue_next(struct call *c)
{
    struct call_items *items = c->items;
    size_t index = items->next++;
    struct call *item = call_new_item(items, c->flow->item_method, c->flow, index);
    items->calls[index] = item;
    items->alive++;
    c->holders |= HOLD_ITEMS;
    call_join_as_item(item, c);
    call_queue(item, begin_item);
}

/* --- what comes of it --------------------------------------------------------------------------- */

static const char *path_of(struct call *c, const struct call *item, const char *path)
{
    const ProtobufCFieldDescriptor *list = call_items_field(c->flow, c->method), *field = NULL;
    const char *place = arena_printf(call_arena(c), "%s[%zu]", list->name, item->item_index);
    const ProtobufCMessageDescriptor *type = list->descriptor;
    for (unsigned i = 0; i < type->n_fields && field == NULL; i++) {
        field = type->fields[i].descriptor == item->method->request ? &type->fields[i] : NULL;
    }
    if (place == NULL || path[0] == '\0') {
        return place;
    }
    return field == NULL ? arena_printf(call_arena(c), "%s.%s", place, path)
                         : arena_printf(call_arena(c), "%s.%s.%s", place, field->name, path);
}

static step fail_as(struct call *c, const struct call *item)
{
    char index[24];
    snprintf(index, sizeof index, "%zu", item->item_index);
    c->err = item->err;
    c->is_recorded = true;
    call_error_metadata(c, c->flow->item_word, index);
    for (size_t i = 0; i < item->metadata_count; i++) {
        call_error_metadata(c, item->metadata[i].key, item->metadata[i].value);
    }
    for (size_t i = 0; i < item->violation_count; i++) {
        const char *path = path_of(c, item, item->violations[i].key);
        call_note_bad_field(c, path == NULL ? "" : path, item->violations[i].value);
    }
    return STEP_FAILED;
}

/* The item runs still, or has run just now: it goes by itself. */
static step item_over(struct call *c)
{
    struct call_items *items = c->items;
    size_t index = items->next - 1;
    struct call *item = items->calls[index];
    struct call_outcome outcome = call_item_outcome(c, index);
    step result =
        item->err.reason == R_NONE ? c->flow->on_item(c, item, &outcome) : fail_as(c, item);
    items->calls[index] = NULL;
    call_drop_item(item);
    if (step_failed(result) || items->next == items->count) {
        return result;
    }
    return call_do_sequence(c);
}

void call_sequence_answered(struct call *item)
{
    call_resume(item->part_of->batch);
}

static void cancel_sequence(void *op)
{
    call_drop_items(op);
}

step call_do_sequence(struct call *c)
{
    struct call_items *items = c->items;
    if (items->calls == NULL) {
        CH_ASSERT(items->count > 0 && items->count <= c->flow->items_max);
        if (step_failed(call_join_items(c, 1))) {
            return STEP_FAILED;
        }
        items->calls = ARENA_ARRAY(c->arena, struct call *, items->count);
        if (items->calls == NULL) {
            return call_fail(c, R_ARENA_EXHAUSTED, "items");
        }
    }
    step waiting = call_wait(c, item_over, cancel_sequence, c);
    queue_next(c);
    return waiting;
}

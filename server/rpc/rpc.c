/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: which flow answers which method. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rpc/call_internal.h"

enum { PARTY_CALLS = 1024, PARTY_STREAMS = 8 };

static int compare_path(const void *key, const void *row)
{
    return strcmp(key, ((const struct method *)row)->path);
}

const struct method *rpc_find_method(const char *path, size_t *index_out)
{
    const struct method *found =
        bsearch(path, METHODS, METHOD_COUNT, sizeof METHODS[0], compare_path);
    if (found != NULL && index_out != NULL) {
        *index_out = (size_t)(found - METHODS);
    }
    return found;
}

bool method_is_public(const struct method *method)
{
    return (method->roles & METHOD_ROLE_PUBLIC) != 0;
}

/* Its rows commit nothing: after a commit neither cancellation nor the deadline ends a call. And they are not checked
 * against a flow's state. */
static void check_subflow(const struct subflow *sub)
{
    CH_ASSERT(sub->steps[0].name != NULL && sub->steps[SUBFLOW_STEPS_MAX].name == NULL);
    for (const struct step_row *row = sub->steps; row->name != NULL; row++) {
        CH_ASSERT((row->flags & STEP_COMMIT) == 0 && row->needs == 0);
    }
}

static void check_authenticator(const struct authenticator *authenticator)
{
    CH_ASSERT(authenticator->authenticate != NULL && authenticator->on_refusal != NULL);
    for (const struct subflow *const *sub = authenticator->subflows; *sub != NULL; sub++) {
        check_subflow(*sub);
    }
}

struct rpc *rpc_new(struct loop *loop, void *services, const struct authenticator *authenticator,
                    const struct rpc_limits *limits)
{
    struct rpc *rpc = xcalloc(1, sizeof *rpc);
    if (authenticator != NULL) {
        check_authenticator(authenticator);
    }
    rpc->loop = loop;
    rpc->services = services;
    rpc->authenticator = authenticator;
    rpc->limits = *limits;
    if (rpc->limits.arena_base_bytes == 0) {
        rpc->limits.arena_base_bytes = 1 << 20;
    }
    if (rpc->limits.arena_factor == 0) {
        rpc->limits.arena_factor = 4;
    }
    if (rpc->limits.max_deadline_ms == 0) {
        rpc->limits.max_deadline_ms = 30000;
    }
    if (rpc->limits.party_calls == 0) {
        rpc->limits.party_calls = PARTY_CALLS;
    }
    if (rpc->limits.party_streams == 0) {
        rpc->limits.party_streams = PARTY_STREAMS;
    }
    rpc->flows = xcalloc(METHOD_COUNT, sizeof(struct flow *));
    rpc->handler = RPC_HANDLER;
    rpc->handler.ctx = rpc;
    list_init(&rpc->calls);
    call_turns_init(rpc);
    return rpc;
}

void rpc_free(struct rpc *rpc)
{
    if (rpc != NULL) {
        call_turns_fini(rpc);
        CH_ASSERT(list_is_empty(&rpc->calls)); /* net and the operations go first */
        xfree(rpc->flows);
        xfree(rpc);
    }
}

/* What a flow's rows promise must fit what it says of itself. */
static void check_rows(const struct flow *flow)
{
    unsigned flags = 0;
    CH_ASSERT(flow->steps[0].name != NULL && flow->steps[FLOW_STEPS_MAX].name == NULL);
    for (const struct step_row *row = flow->steps; row->name != NULL; row++) {
        CH_ASSERT(row->run != NULL);
        CH_ASSERT((row->needs & ~flow->state.bases) == 0);
        flags |= row->flags;
    }
    CH_ASSERT((flow->trust == TRUST_CACHES) == ((flags & STEP_VERIFIES) != 0));
    if (flow->subflow != NULL) {
        check_subflow(flow->subflow);
    }
}

/* An item is not asked again who may call it, and decides on the caller that the batch has; of a sequence it is, and reads
 * everything anew. */
static void check_items(const struct flow *batch, const struct method *method)
{
    if (flow_is_sequence(batch)) {
        CH_ASSERT(batch->item == NULL && batch->items_max > 0 && batch->item_method != NULL);
        CH_ASSERT(batch->trust == TRUST_NOTHING && batch->item_word != NULL);
        CH_ASSERT(call_items_field(batch, method) != NULL);
        return;
    }
    if (batch->item == NULL) {
        return;
    }
    const struct method *item = rpc_find_method(batch->item->method, NULL);
    CH_ASSERT(item != NULL && batch->items_max > 0 && batch->item->item == NULL);
    CH_ASSERT(item->roles == method->roles && item->user == method->user);
    const struct method *own = batch->item->item_method;
    CH_ASSERT(own == NULL ||
              (item == method && own->roles == method->roles && own->user == method->user));
    CH_ASSERT(batch->trust == TRUST_CACHES && batch->item->trust == TRUST_CACHES);
    CH_ASSERT(call_items_field(batch, method) != NULL);
}

void rpc_register(struct rpc *rpc, const struct flow *flow)
{
    size_t index;
    const struct method *method = rpc_find_method(flow->method, &index);
    CH_ASSERT(method != NULL);
    CH_ASSERT(method->roles != 0);
    CH_ASSERT(rpc->flows[index] == NULL);
    CH_ASSERT(method_is_public(method) ? flow->on_refusal == NULL : rpc->authenticator != NULL);
    check_rows(flow);
    check_items(flow, method);
    rpc->flows[index] = flow;
}

void rpc_refuse(struct rpc *rpc, enum reason reason)
{
    rpc->refusal = reason;
}

void rpc_end_streams(struct rpc *rpc)
{
    rpc->is_ending = true;
    LIST_EACH_SAFE (link, after, &rpc->calls) {
        struct call *c = LIST_ENTRY(link, struct call, link);
        if (call_is_idle(c) || c->rests) {
            call_abort(c, R_SHUTTING_DOWN);
        }
    }
}

const struct net_handler *rpc_net_handler(struct rpc *rpc)
{
    return &rpc->handler;
}

/* An item that is no method by itself has its rows listed in the place of the one that does the items. */
static void visit_rows(const struct flow *flow, const char *sub, const struct step_row *row,
                       step_visit visit, void *ctx)
{
    for (; row->name != NULL; row++) {
        visit(flow, sub, row, ctx);
        const struct flow *item = row->run == call_do_items ? flow->item : NULL;
        for (size_t i = 0; item != NULL && item->item_method != NULL && item->steps[i].name; i++) {
            visit(item, NULL, &item->steps[i], ctx);
        }
    }
}

void rpc_each_step(const struct rpc *rpc, step_visit visit, void *ctx)
{
    static const struct subflow *const none[] = {NULL};
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const struct flow *flow = rpc->flows[i];
        if (flow == NULL) {
            continue;
        }
        const struct subflow *const *sub =
            method_is_public(&METHODS[i]) ? none : rpc->authenticator->subflows;
        for (; *sub != NULL; sub++) {
            visit_rows(flow, (*sub)->name, (*sub)->steps, visit, ctx);
        }
        if (flow->subflow != NULL) {
            visit_rows(flow, flow->subflow->name, flow->subflow->steps, visit, ctx);
        }
        visit_rows(flow, NULL, flow->steps, visit, ctx);
    }
}

void rpc_trace(struct rpc *rpc, struct tracer *tracer)
{
    rpc->tracer = tracer;
}

size_t rpc_calls_active(const struct rpc *rpc)
{
    return rpc->active;
}

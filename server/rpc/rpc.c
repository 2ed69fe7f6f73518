/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: which flow answers which method. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rpc/call_internal.h"

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

struct rpc *rpc_new(struct loop *loop, void *services, const struct rpc_limits *limits)
{
    struct rpc *rpc = xcalloc(1, sizeof *rpc);
    rpc->loop = loop;
    rpc->services = services;
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
    rpc->flows = xcalloc(METHOD_COUNT, sizeof(struct flow *));
    rpc->handler = RPC_HANDLER;
    rpc->handler.ctx = rpc;
    list_init(&rpc->calls);
    return rpc;
}

void rpc_free(struct rpc *rpc)
{
    if (rpc != NULL) {
        CH_ASSERT(list_is_empty(&rpc->calls)); /* net and the operations go first */
        xfree(rpc->flows);
        xfree(rpc);
    }
}

void rpc_register(struct rpc *rpc, const struct flow *flow)
{
    size_t index;
    const struct method *method = rpc_find_method(flow->method, &index);
    CH_ASSERT(method != NULL);
    CH_ASSERT(rpc->flows[index] == NULL);
    CH_ASSERT(flow->steps[0].name != NULL && flow->steps[FLOW_STEPS_MAX].name == NULL);
    rpc->flows[index] = flow;
}

void rpc_refuse(struct rpc *rpc, enum reason reason)
{
    rpc->refusal = reason;
}

const struct net_handler *rpc_net_handler(struct rpc *rpc)
{
    return &rpc->handler;
}

void rpc_each_flow(const struct rpc *rpc, void (*visit)(const struct flow *flow, void *ctx),
                   void *ctx)
{
    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (rpc->flows[i] != NULL) {
            visit(rpc->flows[i], ctx);
        }
    }
}

size_t rpc_calls_active(const struct rpc *rpc)
{
    return rpc->active;
}

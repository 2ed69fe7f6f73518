/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/quota_returns.h"

#include "base/list.h"
#include "base/mem.h"
#include "obs/log.h"
#include "store/resource/quota_store.h"

enum { OP_BUDGET = 4096 };

/* What goes back. */
struct giving {
    struct list link;
    struct quota_returns *returns;
    struct store_op op;
    struct arena *arena;
};

struct quota_returns {
    struct store *store;
    struct list givings;
    struct loop_timer give_up;
    void (*flushed)(void *ctx);
    void *flushed_ctx;
};

static void tell_flushed(struct quota_returns *returns)
{
    void (*flushed)(void *ctx) = returns->flushed;
    returns->flushed = NULL;
    loop_timer_cancel(&returns->give_up);
    if (flushed != NULL) {
        flushed(returns->flushed_ctx);
    }
}

static void on_give_up(struct loop_timer *timer)
{
    tell_flushed(LIST_ENTRY(timer, struct quota_returns, give_up));
}

struct quota_returns *quota_returns_new(struct loop *loop, struct store *store)
{
    struct quota_returns *returns = xcalloc(1, sizeof *returns);
    returns->store = store;
    list_init(&returns->givings);
    loop_timer_init(&returns->give_up, loop, on_give_up);
    return returns;
}

static void end_giving(struct giving *giving)
{
    list_remove(&giving->link);
    arena_free(giving->arena);
    xfree(giving);
}

void quota_returns_free(struct quota_returns *returns)
{
    LIST_EACH_SAFE (link, after, &returns->givings) {
        struct giving *giving = LIST_ENTRY(link, struct giving, link);
        store_op_cancel(&giving->op);
        end_giving(giving);
    }
    loop_timer_fini(&returns->give_up);
    xfree(returns);
}

static void given(struct store_op *op)
{
    struct giving *giving = op->user;
    struct quota_returns *returns = giving->returns;
    if (op->err.reason != R_NONE) {
        log_event(LOG_WARNING, "quota.not_returned", F_ERR(&op->err));
    }
    end_giving(giving);
    if (list_is_empty(&returns->givings)) {
        tell_flushed(returns);
    }
}

void quota_returns_send(struct quota_returns *returns, struct tenant_id tenant, enum quota quota,
                        int64_t begins, int64_t unspent)
{
    if (!store_is_ready(returns->store)) {
        return;
    }
    struct giving *giving = xcalloc(1, sizeof *giving);
    giving->returns = returns;
    giving->arena = arena_new(OP_BUDGET);
    list_append(&returns->givings, &giving->link);
    store_op_init(&giving->op, returns->store, giving->arena, given, giving);
    quota_store_return(&giving->op, tenant, quota, begins, unspent);
}

void quota_returns_flush(struct quota_returns *returns, int64_t limit_ms,
                         void (*flushed)(void *ctx), void *ctx)
{
    returns->flushed = flushed;
    returns->flushed_ctx = ctx;
    loop_timer_arm(&returns->give_up, limit_ms);
    if (list_is_empty(&returns->givings)) {
        tell_flushed(returns);
    }
}

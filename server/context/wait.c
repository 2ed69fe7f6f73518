/* SPDX-License-Identifier: Apache-2.0 */
#include "context/wait.h"

static void store_done(struct store_op *op)
{
    call_resume(op->user);
}

static void cancel_store(void *op)
{
    store_op_cancel(op);
}

void wait_store_init(struct call *c, struct store_op *op)
{
    store_op_init(op, services_of(c)->store, call_arena(c), store_done, c);
    op->party = call_party(c);
    op->transaction = call_held(c);
}

step wait_store(struct call *c, step_fn then, struct store_op *op)
{
    return call_wait(c, then, cancel_store, op);
}

static void keys_done(struct keys_op *op)
{
    call_resume(op->user);
}

static void cancel_keys(void *op)
{
    keys_op_cancel(op);
}

void wait_keys_init(struct call *c, struct keys_op *op)
{
    keys_op_init(op, services_of(c)->keys, call_arena(c), keys_done, c);
}

step wait_keys(struct call *c, step_fn then, struct keys_op *op)
{
    return call_wait(c, then, cancel_keys, op);
}

step wait_over(struct call *c, const struct err *err)
{
    return err->reason == R_NONE ? STEP_NEXT : wait_failed(c, err);
}

step wait_failed(struct call *c, const struct err *err)
{
    *call_err(c) = *err;
    return STEP_FAILED;
}

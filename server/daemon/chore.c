/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/chore.h"

#include "context/readiness.h"

void chore_init(struct chore *chore, const struct services *services, size_t arena_bytes,
                void (*on_timer)(struct loop_timer *timer))
{
    *chore = (struct chore){.services = services, .arena = arena_new(arena_bytes)};
    loop_timer_init(&chore->timer, services->loop, on_timer);
}

bool chore_can_ask(const struct chore *chore)
{
    return store_is_ready(chore->services->store);
}

bool chore_can_wrap(const struct chore *chore)
{
    return chore_can_ask(chore) && chore->services->readiness->problem == R_NONE;
}

void chore_ask(struct chore *chore, struct store_op *op, void (*done)(struct store_op *op),
               void *user)
{
    chore->state = CHORE_ASKS;
    chore->in_flight.asking = op;
    store_op_init(op, chore->services->store, chore->arena, done, user);
}

void chore_wrap(struct chore *chore, struct keys_op *op, void (*done)(struct keys_op *op),
                void *user)
{
    chore->state = CHORE_WRAPS;
    chore->in_flight.wrapping = op;
    keys_op_init(op, chore->services->keys, chore->arena, done, user);
}

void chore_rest(struct chore *chore, int64_t ms)
{
    chore->state = CHORE_RESTS;
    arena_reset(chore->arena);
    loop_timer_arm(&chore->timer, ms);
}

void chore_fini(struct chore *chore)
{
    if (chore->state == CHORE_WRAPS) {
        keys_op_cancel(chore->in_flight.wrapping);
    } else if (chore->state == CHORE_ASKS) {
        store_op_cancel(chore->in_flight.asking);
    }
    loop_timer_fini(&chore->timer);
    arena_free(chore->arena);
}

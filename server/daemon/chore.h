/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker does by itself, one operation after the other, with rests between: the life of it, which all chores share
 * (key_rotation.c, rewrap.c, root_keys.c).
 *
 *   RESTS ── the timer ──> chore_ask, chore_wrap: in flight ── done ──> the next operation, or chore_rest
 *
 * Loop thread only. */
#pragma once

#include "context/services.h"

enum chore_state { CHORE_RESTS, CHORE_ASKS, CHORE_WRAPS };

/* Embedded in its owner. */
struct chore {
    const struct services *services;
    struct arena *arena; /* until the next rest */
    struct loop_timer timer;
    enum chore_state state;
    union {
        struct store_op *asking;
        struct keys_op *wrapping;
    } in_flight;
};

/* Borrows the services. It rests until chore_rest says for how long. */
void chore_init(struct chore *chore, const struct services *services, size_t arena_bytes,
                void (*on_timer)(struct loop_timer *timer));
/* Whether the database is there. */
bool chore_can_ask(const struct chore *chore);
/* Whether this worker may also decide, so open and wrap keys: not while it lacks a root key, or ends. */
bool chore_can_wrap(const struct chore *chore);
/* Prepare an operation of the store, or of the custodian; the caller submits it. `done` ends with the next one, or a rest. */
void chore_ask(struct chore *chore, struct store_op *op, void (*done)(struct store_op *op),
               void *user);
void chore_wrap(struct chore *chore, struct keys_op *op, void (*done)(struct keys_op *op),
                void *user);
/* Forget what was found, and come back after `ms`. */
void chore_rest(struct chore *chore, int64_t ms);
/* Cancels what is in flight. */
void chore_fini(struct chore *chore);

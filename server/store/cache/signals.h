/* SPDX-License-Identifier: Apache-2.0 */
/* What identity providers have signaled about people, as a worker knows it (docs/signals.md §6).
 *
 * Each name of a person is a scope with an epoch of its own. Of nearly nobody anything was ever signaled, so of whom
 * nothing is remembered it is assumed, at epoch 0; the gate compares that like any epoch, and whoever it calls stale is
 * looked up from then on. Loop thread only. */
#pragma once

#include "domain/decide/decide_signal.h"
#include "store/pg/store.h"

struct signals;

struct signals *signals_new(size_t max);
void signals_free(struct signals *signals);
/* The scope under which a person's name has its epoch (signal_scope of the migration). R_ARENA_EXHAUSTED,
 * R_CRYPTO_FAILED. */
rc signals_scope(struct arena *arena, struct tenant_id tenant, enum signal_name_kind kind,
                 const char *name, struct uuid *out, struct err *err);
/* What was known under the scope is out of date, because the gate said so. */
void signals_drop(struct signals *signals, struct uuid scope);

struct known_signal {
    struct signal_state state;
    int64_t epoch;
};
/* What is known under a scope, or assumed; false when the database must be asked. */
bool signals_known(struct signals *signals, struct uuid scope, struct known_signal *out);

/* Ask the database, past what is remembered. */
struct signals_find {
    struct store_op op;
    struct tenant_id tenant;
    const struct uuid *scopes;
    size_t count;
    struct known_signal *found; /* in their order */
    /* Private. */
    struct signals *signals;
};
void signals_ask(struct signals *signals, struct signals_find *find);

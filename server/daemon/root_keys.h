/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a worker's root keys are those of its database, and by which it wraps (docs/policy.md §13). Each worker asks, because while
 * a configuration is taken over siblings have different ones.
 *
 *              an answer, and at the start           a root key that is needed is not ours
 *   UNKNOWN ─────────────────────────────────▶ KNOWN ─────────────────────────────────────▶ MISSING
 *      ▲  none for 90 s: others may have gone over │ ▲                                        │
 *      └───────────────────────────────────────────┘ └── it is ours, or needed no more ───────┘
 *
 * Only one that is KNOWN serves: whoever is not heard for two minutes does not count when a root key begins (root_key_meet). */
#pragma once

#include "context/services.h"

struct root_keys;

enum root_keys_state { ROOT_KEYS_UNKNOWN, ROOT_KEYS_KNOWN, ROOT_KEYS_MISSING };

/* Borrows. `changed` comes from the loop whenever the state has. */
struct root_keys *root_keys_new(const struct services *services, void (*changed)(void *ctx),
                                void *ctx);
/* The database answers: ask now, unless somebody does, or has just failed; and now and then from then on. Does nothing when they are
 * known. */
void root_keys_ask(struct root_keys *keys);
/* The database has refused what we wrapped (R_ROOT_KEY_CHANGED): ask now, in any case. */
void root_keys_ask_anew(struct root_keys *keys);
enum root_keys_state root_keys_state(const struct root_keys *keys);
/* What is wrong while one is missing. */
const struct err *root_keys_problem(const struct root_keys *keys);
/* NULL is fine. */
void root_keys_free(struct root_keys *keys);

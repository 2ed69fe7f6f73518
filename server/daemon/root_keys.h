/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a worker's root keys are those of its database, and by which it wraps (docs/policy.md §13). Each worker asks, because while
 * a configuration is taken over siblings have different ones. */
#pragma once

#include "context/services.h"

struct root_keys;

/* MISSING: what lies under a root key that we don't have would not open, so we must not serve. */
enum root_keys_state { ROOT_KEYS_UNKNOWN, ROOT_KEYS_KNOWN, ROOT_KEYS_MISSING };

/* Borrows. `changed` comes from the loop whenever the state has. */
struct root_keys *root_keys_new(const struct services *services, void (*changed)(void *ctx),
                                void *ctx);
/* The database answers: ask now, unless somebody does, and now and then from then on. */
void root_keys_ask(struct root_keys *keys);
enum root_keys_state root_keys_state(const struct root_keys *keys);
/* What is wrong while one is missing. */
const struct err *root_keys_problem(const struct root_keys *keys);
void root_keys_free(struct root_keys *keys);

/* SPDX-License-Identifier: Apache-2.0 */
/* Forgetting used proofs of possession that are too old to be accepted, in small batches on a timer. */
#pragma once

#include "store/pg/store.h"

struct sweep;

/* Borrows both. */
struct sweep *sweep_new(struct loop *loop, struct store *store);
/* Sweep now and then from now on: one worker of a node is enough. */
void sweep_begin(struct sweep *sweep);
void sweep_free(struct sweep *sweep);

/* SPDX-License-Identifier: Apache-2.0 */
/* What is done now and then, in small batches on a timer: forgetting used proofs of possession and passcodes that are too old,
 * and destroying keys that are due (docs/policy.md §12). */
#pragma once

#include "store/pg/store.h"

struct sweep;

/* Borrows both. */
struct sweep *sweep_new(struct loop *loop, struct store *store);
/* Sweep now and then from now on: one worker of a node is enough. */
void sweep_begin(struct sweep *sweep);
void sweep_free(struct sweep *sweep);

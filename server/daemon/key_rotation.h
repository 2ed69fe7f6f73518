/* SPDX-License-Identifier: Apache-2.0 */
/* Rotates keys that are older than their tenants want (docs/policy.md §12), one after the other. */
#pragma once

#include "context/services.h"

struct key_rotator;

/* Borrows. */
struct key_rotator *key_rotator_new(const struct services *services);
/* Look now and then from now on: one worker of a node is enough, and our root key must be this database's. */
void key_rotator_begin(struct key_rotator *rotator);
void key_rotator_free(struct key_rotator *rotator);

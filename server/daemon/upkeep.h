/* SPDX-License-Identifier: Apache-2.0 */
/* What a node does beside its calls, now and then: the log's partitions, forgetting and destroying, rotating keys, wrapping them anew, looking at
 * its boundaries. One worker of a node does it; nodes that do it at once don't mind. */
#pragma once

#include "context/services.h"

struct upkeep;

/* Borrows. `boundaries`: those configured, NULL-terminated; none: all. */
struct upkeep *upkeep_new(const struct services *services, const char *const *boundaries);
/* From now on, and once: our root key is this database's. */
void upkeep_begin(struct upkeep *upkeep);
void upkeep_free(struct upkeep *upkeep);

/* SPDX-License-Identifier: Apache-2.0 */
/* A sink of the audit log: sends each record of all tenants that this node sees, oldest first, at least once, to a way out. How
 * far it has come lies in the database; of the nodes with a sink of this name one sends at a time. Nobody waits for it: it reads
 * the log that is there. Loop thread only. */
#pragma once

#include "sink/sink_way.h"
#include "store/pg/store.h"

struct sink;

/* It sends from now on. Takes the way; borrows the store and the name, which live longer. */
struct sink *sink_new(struct loop *loop, struct store *store, const char *name,
                      struct sink_way *way);
/* Send no more, and let another node go on at once. */
void sink_stop(struct sink *sink);
/* NULL is fine. */
void sink_free(struct sink *sink);

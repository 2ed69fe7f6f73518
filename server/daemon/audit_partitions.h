/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's partitions are made ahead, at start and from time to time, and months that are older than the log is kept
 * leave it. One worker of a node does it; nodes that do it at once don't mind. */
#pragma once

#include "store/pg/store.h"

struct audit_maker;
struct audit_maker *audit_maker_new(struct loop *loop, struct store *store);
/* Begin: as soon as the store is ready. */
void audit_maker_begin(struct audit_maker *maker);
void audit_maker_free(struct audit_maker *maker);

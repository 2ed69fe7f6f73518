/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: the entries that share one gate statement. */
#pragma once

#include "store/gate/gate.h"

struct gate_batch {
    struct gate *gate;
    struct amendments *amendments; /* borrows: the gate's */
    struct arena *arena;
    struct store_op op;
    bool is_express;
    size_t count;
    struct gate_entry *entries[GATE_BATCH_MAX]; /* NULL: canceled */
};

/* Send the batch; its op's `done` tells the outcome, each entry's verdict is set before. */
void gate_batch_send(struct gate_batch *batch);
void gate_batch_forget(struct gate_batch *batch, const struct gate_entry *entry);

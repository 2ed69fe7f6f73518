/* SPDX-License-Identifier: Apache-2.0 */
/* Which proofs of possession were used, on whatever worker and node: each may be used once. */
#pragma once

#include "store/pg/store.h"

/* Use a proof. */
struct proof_claim {
    struct store_op op;
    bool is_first; /* nobody has used it before */
};
/* It is remembered for that many seconds, counted by the database's clock. Copies the id. */
void proof_store_claim(struct proof_claim *claim, const uint8_t id[32], int32_t keep_s);

/* Forget proofs that are too old, at most PROOFS_SWEPT_MAX at once. */
enum { PROOFS_SWEPT_MAX = 5000 };
struct proof_sweep {
    struct store_op op;
    int64_t count; /* that many were forgotten */
};
void proof_store_sweep(struct proof_sweep *sweep);

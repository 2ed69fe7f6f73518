/* SPDX-License-Identifier: Apache-2.0 */
/* Several operations that are one transaction. It has a connection for itself from its beginning to its end, and every
 * operation whose `transaction` it is goes there, whatever its class: what it reads is what those before it have
 * made. Nobody else sees any of it before the commit.
 *
 *   NEW ── begin ──▶ BEGINNING ──▶ OPEN ── commit ──▶ ENDING ──▶ OVER
 *                        │           ├── a statement fails ──▶ FAILED: whatever is submitted fails as that did
 *                        │           │
 *                        └───────────┴── the connection is lost ──▶ OVER
 *
 * Locks are held until the end. Whoever holds one for long is bounded by the age after which a transaction begins no
 * further statement, by the limit of each statement, and by idle_in_transaction_session_timeout, should the worker be
 * stopped in the middle. The platform's epoch, which is every tenant's, is compared and raised by the last statement
 * before the commit. */
#pragma once

#include "store/pg/store.h"

struct store_transaction *store_transaction_new(struct store *store, struct uuid party);
/* Complete `op`, which is a part of it as all that follow are, when the transaction is open. */
void store_transaction_begin(struct store_transaction *t, struct store_op *op);
/* Complete `op`, which is a part of it, when the platform's epoch is compared and raised; R_STALE: it is another one.
 * Right before the commit. */
void store_transaction_settle(struct store_op *op);
/* Whether there is nothing left to do in it: a statement has failed, or it is over. */
bool store_transaction_has_failed(const struct store_transaction *t);
/* Complete `op` when it is committed. R_DATABASE_ERROR if it was rolled back instead. Once, as the last operation; it must
 * not be canceled. */
void store_transaction_commit(struct store_transaction *t, struct store_op *op);
/* Free it, and roll back what is not committed. All operations are done or canceled. */
void store_transaction_free(struct store_transaction *t);
/* Keep a value for those that come after in it; takes it, and lets go of the one before. */
void store_transaction_keep(struct store_transaction *t, void *value, void (*let_go)(void *value));
/* NULL: nothing was kept. Lends until another one is kept. */
void *store_transaction_kept(const struct store_transaction *t);

/* --- for the modules of store/pg ---------------------------------------------------------------- */

struct pg_conn;
struct pg_segment;

/* False: it begins with this, and goes where other operations go. */
bool pg_transaction_submit(struct store_transaction *t, struct store_op *op,
                           const struct pg_segment *segment);
/* Its BEGIN was sent there. */
void pg_transaction_take(struct store_transaction *t, struct pg_conn *conn);
/* A statement has failed, and with it all of the transaction. */
void pg_transaction_failed(struct store_transaction *t, const struct err *err);
/* Its connection is gone. */
void pg_transaction_lost(struct store_transaction *t);
struct uuid pg_transaction_party(const struct store_transaction *t);

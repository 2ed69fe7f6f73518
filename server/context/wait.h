/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for the operations of the modules below: prepare, submit, wait. */
#pragma once

#include "context/services.h"

/* Prepare a database operation that resumes the call. What a call holds (call_hold) is a transaction, of which all that it and
 * its items do in the database is a part (store/pg/pg_transaction.h). */
void wait_store_init(struct call *c, struct store_op *op);
/* Wait for it; `then` looks at op->err. */
step wait_store(struct call *c, step_fn then, struct store_op *op);
/* The same for the custodian's operations. */
void wait_keys_init(struct call *c, struct keys_op *op);
step wait_keys(struct call *c, step_fn then, struct keys_op *op);
/* Go on after an operation: NEXT, or FAILED with its error. */
step wait_over(struct call *c, const struct err *err);
/* Fail the call with the error of an operation. */
step wait_failed(struct call *c, const struct err *err);

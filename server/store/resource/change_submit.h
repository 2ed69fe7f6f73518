/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: the nine parameters with which every admin statement begins, and sending one. */
#pragma once

#include "store/pg/pg_submit.h"
#include "store/resource/change.h"

/* Begin the parameters of an act. */
struct pg_params change_params(struct arena *arena, struct tenant_id tenant, const char *operation,
                               const struct audit_who *who);
/* The same by what an operation says. */
struct pg_params change_params_of(const struct change_op *op, const char *operation);
/* Send an act, or a query of an admin. With op->approval the approval is part of its transaction: performed and approved,
 * or neither. */
void change_submit(struct change_op *op, enum statement statement, const struct pg_params *p,
                   pg_reader read);
/* The same with a second statement `second` in the transaction, which finds what the act has made: row-level security
 * looks into tables, where what a statement makes itself is not to be seen yet. Its result is not read. */
void change_submit_two(struct change_op *op, enum statement statement, const struct pg_params *p,
                       enum statement second, const struct pg_params *q, pg_reader read);
/* Reads an act that answers with one row when it matched; else R_NOT_FOUND. */
rc change_read_done(struct store_op *op, size_t index, const PGresult *r, struct err *err);
/* Reads an act that makes a row while there is room for it; else R_LIMIT_EXCEEDED. */
rc change_read_limited(struct store_op *op, size_t index, const PGresult *r, struct err *err);
/* The same, and when the row was made: its first column. */
rc change_read_created(struct store_op *op, size_t index, const PGresult *r, struct err *err);

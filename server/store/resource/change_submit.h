/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: how an admin's change begins, is sent and is answered. */
#pragma once

#include "store/pg/pg_submit.h"
#include "store/resource/change.h"
#include "store/sql/statements.gen.h"

/* Who does what, with an event of its own: the first parameter of every act. */
struct sql_act change_act(struct tenant_id tenant, const char *operation,
                          const struct audit_who *who);
/* The same by what an operation says; the event is the operation's. */
struct sql_act change_begin(struct change_op *op, const char *operation);
/* Send an act, or a query of an admin. With op->approval the approval is part of its transaction:
 * performed and approved, or neither. */
void change_submit(struct change_op *op, const struct pg_params *p, pg_reader read);
/* The same with a second statement in the transaction, which finds what the act has made: row-level
 * security looks into tables, where what a statement makes itself is not to be seen yet. Its result
 * is not read. */
void change_submit_two(struct change_op *op, const struct pg_params *p,
                       const struct pg_params *second, pg_reader read);
/* Reads an act that answers with one row when it matched; else R_NOT_FOUND. */
rc change_read_done(struct store_op *op, size_t index, const PGresult *r, struct err *err);

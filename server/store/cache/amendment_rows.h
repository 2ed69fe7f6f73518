/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: columns of content_amendment become a value. */
#pragma once

#include "store/cache/amendments.h"
#include "store/sql/statements.gen.h"

/* What is stored and not understood makes it invalid, which grants nothing. `out` points into what
 * `from` points to. */
rc amendment_read(struct arena *arena, const struct sql_amendment *from, struct amendment *out,
                  struct err *err);
/* Read the amendment in a row of the gate's answer and remember it, in its tenant's share; `arena`
 * holds what *out points to. */
rc amendments_take(struct amendments *amendments, struct tenant_id tenant,
                   struct content_id content, struct arena *arena, const PGresult *r, int row,
                   const struct amendment **out, struct err *err);

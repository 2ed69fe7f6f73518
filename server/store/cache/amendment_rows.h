/* SPDX-License-Identifier: Apache-2.0 */
/* Inside server/store only: columns of content_amendment become a value. */
#pragma once

#include "store/cache/amendments.h"
#include "store/pg/pg_submit.h"

/* Seven columns from `column` on: version, principals, rights, recipients, removed, whether the expiry is
 * changed, expiry. */
struct amendment_cell {
    const PGresult *r;
    int row, column;
};

/* Read one. What is stored and not understood makes it invalid, which grants nothing. */
MUST rc amendment_read(struct arena *arena, const struct amendment_cell *cell,
                       struct amendment *out, struct err *err);
/* Read one and remember it; `arena` holds what *out points to. */
MUST rc amendments_take(struct amendments *amendments, struct content_id content,
                        struct arena *arena, const struct amendment_cell *cell,
                        const struct amendment **out, struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Changing a sent content's policy: read the amendment that holds, store the next one. */
#pragma once

#include "domain/values/amendment.h"
#include "store/resource/change.h"

/* The amendment that holds, past all caches. */
struct amendment_fetch {
    struct store_op op;
    struct amendment amendment; /* version 0: none */
};
void amendment_store_fetch(struct amendment_fetch *fetch, struct tenant_id tenant,
                           struct content_id content);

/* Store the next one, its version in the content's row, and the act's record, in one statement.
 * R_DATABASE_CONFLICT when another one holds than before. */
struct amendment_put {
    struct content_id content;
    int64_t before; /* mark of the one that it follows; 0: there was none */
    const struct amendment *amendment;
    const char *target; /* what the log says */
};
void amendment_store_put(struct change_op *op, const struct amendment_put *put);

/* SPDX-License-Identifier: Apache-2.0 */
/* What admins' requests with an id have made (docs/policy.md §5.2). It is noted in the transaction
 * of the act: change_op.request. */
#pragma once

#include "store/pg/store.h"

struct request_find {
    struct store_op op;
    /* In. */
    struct tenant_id tenant;
    struct uuid request;
    /* Out. */
    struct uuid made;
    struct slice hash;
};
/* R_NOT_FOUND when no request of this id has made anything. */
void request_store_find(struct request_find *find);

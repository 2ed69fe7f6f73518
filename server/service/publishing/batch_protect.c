/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.BatchProtect: Protect for each item (protect.c), and one answer. */
#include "service/common/batch.h"
#include "service/common/flows.h"

const struct flow batch_protect_flow = {
    .method = "/chancery.v1.PublishingService/BatchProtect",
    .name = "batch_protect",
    .trust = TRUST_CACHES,
    .steps = {STEP("count", batch_count), ITEMS("items"), STEP("reply", batch_reply)},
    .item = &protect_flow,
    .items_max = BATCH_ITEMS_MAX,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* LicensingService.BatchAcquireLicense: AcquireLicense for each item (acquire_license.c), and one
 * answer. */
#include "service/common/batch.h"
#include "service/common/flows.h"

const struct flow batch_acquire_license_flow = {
    .method = "/chancery.v1.LicensingService/BatchAcquireLicense",
    .name = "batch_acquire_license",
    .trust = TRUST_CACHES,
    .steps = {STEP("count", batch_count), ITEMS("items"), STEP("reply", batch_reply)},
    .item = &acquire_license_flow,
    .items_max = BATCH_ITEMS_MAX,
};

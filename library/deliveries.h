/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries as an answer has them. Any thread. */
#pragma once

#include <chancery/delivery.h>

#include "chancery/v1/delivery.pb-c.h"
#include "library/failure.h"

struct chancery_deliveries {
    struct arena *arena; /* has the answer; NULL: another object has it */
    Chancery__V1__RecipientDelivery *const *items;
    size_t count;
};

/* Whether each recipient is a text. R_INPUT_INVALID. */
rc recipients_check(const char *const *recipients, size_t count, struct err *err);
/* Whether there is one for each recipient, in their order: what stands for nobody, or is missing, would
 * be taken for the delivery of another. R_AUTHORITY_UNREACHABLE. */
rc deliveries_check(const struct chancery_deliveries *deliveries, const char *const *recipients,
                    size_t count, struct err *err);

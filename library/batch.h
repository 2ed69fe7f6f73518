/* SPDX-License-Identifier: Apache-2.0 */
/* What batches have in common. Any thread. */
#pragma once

#include "chancery/v1/publishing.pb-c.h"
#include "library/failure.h"

/* R_INPUT_INVALID for none, and for more than CHANCERY_BATCH_MAX. */
rc batch_check(size_t count, struct err *err);
/* The error of one item; NULL: the answer says nothing of it, which is no answer of an authority. */
chancery_error *failure_of_item(const Chancery__V1__ItemError *item);

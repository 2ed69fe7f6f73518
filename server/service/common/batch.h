/* SPDX-License-Identifier: Apache-2.0 */
/* The rows around ITEMS (rpc/call.h), the same for every batch: its request is a list `requests`, its
 * response a list of results, each with a oneof of the single method's response and an ItemError. */
#pragma once

#include "rpc/call.h"

enum { BATCH_ITEMS_MAX = 100 };

/* The request has 1 to BATCH_ITEMS_MAX items. */
step batch_count(struct call *c);
step batch_reply(struct call *c);

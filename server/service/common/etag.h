/* SPDX-License-Identifier: Apache-2.0 */
/* Safe updates (AIP-154): an etag is the mark of the object's state (base/ids.h), and whoever sends
 * one means that state and no other, also when the database goes back. */
#pragma once

#include "rpc/call.h"

/* For a reply; NULL over budget. */
char *etag_write(struct call *c, int64_t mark);
/* Whether the object may be changed: no etag was sent (""), or exactly this state's. Everything
 * else, text that was never an etag too, is R_ETAG_MISMATCH. */
step etag_check(struct call *c, const char *sent, int64_t mark);
/* Go on after a change that had to meet the state that was read: R_NOT_FOUND means
 * R_ETAG_MISMATCH. */
step etag_settle(struct call *c, const struct err *err);

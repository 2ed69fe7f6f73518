/* SPDX-License-Identifier: Apache-2.0 */
/* Safe updates (AIP-154): an etag is the object's version, and whoever sends one means that version
 * and no other. */
#pragma once

#include "rpc/call.h"

/* For a reply; NULL over budget. */
char *etag_write(struct call *c, int64_t version);
/* Whether the object may be changed: no etag was sent (""), or exactly this version's. Everything
 * else, text that was never an etag too, is R_ETAG_MISMATCH. */
step etag_check(struct call *c, const char *sent, int64_t version);
/* Go on after a change that had to meet the version that was read: R_NOT_FOUND means
 * R_ETAG_MISMATCH. */
step etag_settle(struct call *c, const struct err *err);

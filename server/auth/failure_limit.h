/* SPDX-License-Identifier: Apache-2.0 */
/* How often callers of one network may fail to authenticate. Pure: time comes in as an argument.
 *
 * Each network has a bucket that leaks: so many failures a second, and at once what it would take in
 * FAILURE_BURST_S. There are at most FAILURE_NETWORKS_MAX buckets; the one that was asked for longest ago
 * goes first, and its network begins anew. */
#pragma once

#include "auth/network.h"
#include "base/clock.h"

enum { FAILURE_BURST_S = 10, FAILURE_NETWORKS_MAX = 8192 };

struct failure_limit;

struct failure_limit *failure_limit_new(unsigned per_second);
void failure_limit_free(struct failure_limit *limit);
void failure_limit_note(struct failure_limit *limit, const struct network *from,
                        struct mono_time now);
/* Whether the network has failed too often, at the time. Never one without an address. */
bool failure_limit_is_reached(struct failure_limit *limit, const struct network *from,
                              struct mono_time now);

/* SPDX-License-Identifier: Apache-2.0 */
/* What all readers share, memory and sessions, and how much of it those of one network may have: nobody
 * needs an account to upload, so one stranger could have all of it. The loop alone. */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct shares;

/* Of `memory` bytes and so many sessions one network has a quarter, but never less than `memory_least`. */
struct shares *shares_new(size_t memory, size_t memory_least, long sessions);
void shares_free(struct shares *shares);
/* An address's network: all of an IPv4 address, the first 64 bits of another. The caller's. */
char *network_of(const char *ip);
/* False: there is none now, for all or for this network. */
bool shares_take(struct shares *shares, const char *network, size_t memory, long sessions);
void shares_give(struct shares *shares, const char *network, size_t memory, long sessions);

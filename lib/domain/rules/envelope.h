/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of an envelope, as rules see them (docs/policy.md §10.2): more than can be named anywhere
 * else, because mail goes to them all the same. Pure; any thread. */
#pragma once

#include "domain/values/address.h"

struct envelope_address {
    /* What rules compare: the address, normalized, also of one that is quoted where it needn't be (RFC
     * 5321 §4.1.2: `"bob"@fabrikam.com` is bob@fabrikam.com); of one whose local part can't be named,
     * "@" and its domain; "": it is no address. */
    const char *seen;
    /* The address, to ask whose it is; "": it can't be named. */
    const char *known;
    bool is_exact; /* it is an address as every method takes it */
};

/* R_ARENA_EXHAUSTED. Lent by the batch's arena, or static. */
rc envelope_address_read(struct address_batch *batch, struct slice text,
                         struct envelope_address *out, struct err *err);
/* Whether a sender is that of a bounce, which is nobody (RFC 5321 §4.5.5). */
bool envelope_is_bounce(const char *sender);

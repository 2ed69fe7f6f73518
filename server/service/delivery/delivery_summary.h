/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says of a delivery decision (docs/formats.md §10): one record for all recipients, with
 * those by name who get nothing. */
#pragma once

#include "base/arena.h"
#include "domain/decide/decide_delivery.h"

enum { DELIVERY_BLOCKED_NAMED = 10 };

struct delivery_summary {
    size_t native, portal, blocked;
    size_t denied;    /* of the blocked ones, by a denial */
    size_t malformed; /* what was no address */
    /* Places of the first blocked ones in the request. */
    size_t blocked_at[DELIVERY_BLOCKED_NAMED];
    enum reason reason; /* R_NONE as long as anybody gets it; else why nobody does */
};

/* A malformed recipient's decision has the reason R_FIELD_INVALID. */
void delivery_summary_make(const struct delivery_decision *decisions, size_t count,
                           struct delivery_summary *out);
/* "from alice@contoso.com: 2 native, 0 portal, 1 blocked, 0 no address; blocked: x@y.example".
 * NULL over budget. */
const char *delivery_summary_text(struct arena *arena, const struct delivery_summary *summary,
                                  const char *sender, const char *const *addresses);

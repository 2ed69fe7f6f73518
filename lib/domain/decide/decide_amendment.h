/* SPDX-License-Identifier: Apache-2.0 */
/* May somebody who holds EDITRIGHTSDATA change a policy so? Nobody gives what they don't have, and
 * nobody takes from whoever has more than they (docs/policy.md §3.6). Pure.
 *
 * One principal that the change names at a time: there may be a thousand. */
#pragma once

#include "domain/relations/effective_policy.h"

struct amendment_question {
    const struct effective_policy *before, *after; /* the amendment in `after` is the whole sum */
    const struct rights *own;                      /* what the policy grants whoever amends */
};

/* `addresses`: all of the person, for PRINCIPAL_USER; else none. The first SUBJECT_ADDRESSES_MAX
 * count. */
bool decide_amendment_name(const struct amendment_question *question,
                           const struct principal *principal, const char *const *addresses,
                           size_t address_count);
/* An expiry may come earlier and not later. */
bool decide_amendment_expiry(const struct amendment_question *question);

/* SPDX-License-Identifier: Apache-2.0 */
/* Does a publisher's certificate allow what was protected under it without asking? By what both say and by
 * the clock alone, so the answer is the same at each license. Pure. docs/policy.md §5.7. */
#pragma once

#include "base/err.h"
#include "domain/values/publisher.h"

struct offline_question {
    const struct publisher *publisher;
    const struct policy *policy; /* as it was in the license */
    struct unix_time now;
};

/* R_NONE, or why not, in this order: PUBLISHER_EXPIRED (protected outside of the certificate's days, or in
 * the future); PUBLISHER_EXCEEDED (for another owner, in another's name, by a policy that the certificate
 * doesn't name, or beyond any end). */
enum reason decide_offline(const struct offline_question *question);

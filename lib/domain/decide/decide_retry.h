/* SPDX-License-Identifier: Apache-2.0 */
/* May a request with an id have what one of that id has made before? (docs/policy.md §5.2). Pure. */
#pragma once

#include "base/clock.h"
#include "base/err.h"

/* How long a request id gives its content again. Longer would make old requests keys to what they
 * protected. */
enum { RETRY_LIFE_S = 24 * 60 * 60 };

struct retry_question {
    bool is_same;                  /* it was made for this very request of this very caller */
    struct unix_time made_at, now; /* by one clock */
    bool is_revoked;
    struct unix_time expires_at; /* of the content, as its policy holds now; 0: never */
};

/* For a caller who may protect so (decide_protect). R_NONE, or why not, in this order:
 * REQUEST_ID_REUSED, REVOKED, EXPIRED. */
enum reason decide_retry(const struct retry_question *question);

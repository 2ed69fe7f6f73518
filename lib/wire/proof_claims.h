/* SPDX-License-Identifier: Apache-2.0 */
/* What proofs of keys have in common (docs/formats.md §3.6, §3.7, §6.2.2): for which authority they were made, and when.
 * Pure; any thread. */
#pragma once

#include <jansson.h>

#include "base/clock.h"

enum {
    PROOF_AGE_MAX_S = 600,  /* how far `iat` may lie behind our clock */
    PROOF_AHEAD_MAX_S = 60, /* and before it */
};

/* Whether `aud` is one of these addresses, with or without a slash at the end. */
bool proof_claims_are_for(const json_t *claims, const char *const *urls, size_t url_count);
/* Whether `iat` is of now, and `exp`, if there is one, ahead. */
bool proof_claims_hold_now(const json_t *claims, struct unix_time now);

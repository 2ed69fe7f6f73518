/* SPDX-License-Identifier: Apache-2.0 */
/* Publishers' proofs that they hold their key, for a certificate (docs/formats.md §6.2.2). Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/jws.h"

#define PUBLISHER_PROOF_TYP "chancery-publisher-proof+jwt"

enum { PUBLISHER_PROOF_MAX = 4 * 1024 };

/* One as claims: for whom, and when it was made. */
rc publisher_proof_claims(struct arena *arena, const char *authority_url, struct unix_time now,
                          struct slice *out, struct err *err);
/* Whether a proof is by this key, for one of these addresses, and of now. R_FIELD_INVALID; the detail says
 * why. */
rc publisher_proof_check(struct arena *arena, struct slice proof, const struct jwk_public *key,
                         const char *const *urls, size_t url_count, struct unix_time now,
                         struct err *err);

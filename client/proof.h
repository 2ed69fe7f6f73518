/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that we hold the key to which a user's token is bound (DPoP, RFC 9449 §4.2), one for each
 * call. One thread per key. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/jwk.h"

/* Read a key on P-256 or P-384 from a PEM file that only its owner can access; free it with
 * jwk_private_free. R_INPUT_INVALID, and the detail says what is wrong with the file. */
rc proof_key_read(const char *path, struct jwk_private **out, struct err *err);

/* The call to prove; all borrowed. */
struct proof_call {
    const char *url; /* as the authority knows it, without query: "https://host/chancery.v1.X/Y" */
    const char *token; /* that goes with the proof */
    struct unix_time now;
};

/* Sign a proof for one POST. Its id is random, because an authority accepts a proof once. Lent by
 * the arena. */
rc proof_make(struct arena *arena, const struct jwk_private *key, const struct proof_call *call,
              const char **out, struct err *err);

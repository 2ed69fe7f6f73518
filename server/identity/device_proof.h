/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that the key of a device is held, by whoever wants to register it (docs/formats.md §3.7). Checked from their
 * text alone, without any state: registering the same key for the same person twice renews it. Loop thread. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"

#define DEVICE_PROOF_TYP "chancery-device-proof+jwt"

enum { DEVICE_PROOF_MAX = 20 * 1024 /* bytes */ };

/* All borrowed. */
struct device_proof_question {
    struct slice proof;
    const char *const *urls; /* https:// addresses of this authority */
    size_t url_count;
    struct slice token; /* with which the person has come */
    struct unix_time now;
};

/* What a proof fails by, in the order in which it is looked at. */
enum device_proof_flaw {
    DEVICE_PROOF_SOUND,
    DEVICE_PROOF_FORM, /* no JWS of this type with an algorithm of ours */
    DEVICE_PROOF_KEY,  /* it carries none to which a content key may be wrapped */
    DEVICE_PROOF_SIGNATURE,
    DEVICE_PROOF_AUDIENCE, /* for another authority */
    DEVICE_PROOF_TOKEN,    /* made for another token */
    DEVICE_PROOF_TIME,
};

/* Gives the proven public key as a canonical JWK, and its thumbprint in base64url, both in the arena. R_FIELD_INVALID
 * with the flaw; R_ARENA_EXHAUSTED. */
rc device_proof_check(struct arena *arena, const struct device_proof_question *question,
                      const char **public_jwk, const char **thumbprint,
                      enum device_proof_flaw *flaw, struct err *err);

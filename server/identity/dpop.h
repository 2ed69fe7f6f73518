/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that the caller holds the key to which a token is bound (DPoP, RFC 9449), checked from their text
 * and what is known of the call. That a proof is used once only is the caller's to see to. Loop thread. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"

enum {
    DPOP_PROOF_MAX = 8 * 1024, /* bytes of a proof; RSA keys of 8,192 bits need 4 KiB */
    DPOP_JTI_MAX = 128,        /* bytes */
    DPOP_AGE_MAX_S = 60,       /* how far `iat` may lie before and behind our clock */
};

/* All borrowed. */
struct dpop_question {
    struct slice proof;
    const char *method;      /* of the HTTP request: "POST" */
    const char *const *urls; /* https:// addresses of this authority */
    size_t url_count;
    const char *path; /* behind one of them: "/chancery.v1.LicensingService/AcquireLicense" */
    const uint8_t *token_hash; /* SHA-256 of the access token, 32 bytes */
    const uint8_t *thumbprint; /* the token's cnf.jkt, 32 bytes */
    struct unix_time now;
};

struct dpop_proof {
    uint8_t id[32]; /* SHA-256 of thumbprint and jti: the same proof has the same id */
    struct unix_time issued_at;
};

/* The checks of RFC 9449 §4.3 in their order, but for the number of headers and for replay.
 * R_TOKEN_PROOF_INVALID; R_ARENA_EXHAUSTED, R_CRYPTO_FAILED. */
rc dpop_check(struct arena *arena, const struct dpop_question *question, struct dpop_proof *out,
              struct err *err);

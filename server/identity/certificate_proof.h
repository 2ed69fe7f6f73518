/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that the key of a component's certificate is held, by whoever wants to register it
 * (docs/formats.md §3.6). Checked from their text alone, without any state: registering the same
 * certificate for the same component twice changes nothing. Loop thread. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/x5c.h"

#define CERTIFICATE_PROOF_TYP "chancery-component-proof+jwt"

enum {
    CERTIFICATE_PROOF_MAX = 20 * 1024, /* bytes of a proof: the header in base64url, twice */
};

/* All borrowed. */
struct certificate_proof_question {
    struct slice proof;
    const char *const *urls; /* https:// addresses of this authority */
    size_t url_count;
    const char *tenant;    /* short name; "": the platform */
    const char *component; /* name */
    struct unix_time now;
};

/* What a proof fails by, in the order in which it is looked at. */
enum certificate_proof_flaw {
    CERTIFICATE_PROOF_SOUND,
    CERTIFICATE_PROOF_FORM,        /* no JWS of this type with an algorithm of ours */
    CERTIFICATE_PROOF_CERTIFICATE, /* it carries none that we can check */
    CERTIFICATE_PROOF_SIGNATURE,
    CERTIFICATE_PROOF_AUDIENCE, /* for another authority */
    CERTIFICATE_PROOF_SUBJECT,  /* for another tenant or component */
    CERTIFICATE_PROOF_TIME,
};

/* Fills the SHA-256 of the certificate that is proven. R_FIELD_INVALID with the flaw;
 * R_ARENA_EXHAUSTED. */
rc certificate_proof_check(struct arena *arena, const struct certificate_proof_question *question,
                           uint8_t fingerprint[X5C_PRINT_BYTES], enum certificate_proof_flaw *flaw,
                           struct err *err);

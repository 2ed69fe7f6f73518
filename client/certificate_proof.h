/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that we hold the key of a certificate, for whoever registers it as a component's
 * (docs/formats.md §3.6). One thread. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"

/* What is to be proven, and with what; all borrowed. */
struct certificate_proof_request {
    struct slice certificate; /* PEM */
    const char *key_file;     /* PEM, unencrypted, which only its owner can access */
    const char *url;          /* of the authority, as it knows itself: "https://host" */
    const char *tenant;       /* short name; "": the platform */
    const char *component;    /* name */
    struct unix_time now;
};

/* Make a proof; lent by the arena. It is good for ten minutes. R_INPUT_INVALID, and the detail says
 * what is wrong with key or certificate. */
rc certificate_proof_make(struct arena *arena, const struct certificate_proof_request *request,
                          const char **out, struct err *err);

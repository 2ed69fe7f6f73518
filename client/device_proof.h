/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs that we hold the key of a device, for whoever registers it (docs/formats.md §3.7). One thread. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"

/* All borrowed. */
struct device_proof_request {
    const char *key_file; /* PEM, unencrypted, on P-256 or P-384, which only its owner can access */
    const char *url;      /* of the authority, as it knows itself: "https://host" */
    struct slice token;   /* with which the device is registered */
    struct unix_time now;
};

/* Make a proof; lent by the arena. It is good for ten minutes. R_INPUT_INVALID, and the detail says what is wrong with
 * the key. */
rc device_proof_make(struct arena *arena, const struct device_proof_request *request,
                     const char **out, struct err *err);

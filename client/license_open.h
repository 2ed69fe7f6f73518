/* SPDX-License-Identifier: Apache-2.0 */
/* Use licenses on the client's side: verify one, and take the content key out of it
 * (docs/formats.md §7). */
#pragma once

#include "base/clock.h"
#include "base/secret.h"
#include "client/client.h"
#include "crypto/jwk.h"

/* A use license, and what it must be for. Borrows all. */
struct license_wanted {
    struct slice text;               /* the compact JWS */
    struct slice publishing_license; /* of the content */
    const struct jwk_private *key;   /* to which the content key was to be wrapped */
    const char *issuer; /* who must have signed it: the content's tenant at its authority */
    struct unix_time now;
};

/* Check that the license is signed by one of these keys (a JWK set), is of this issuer, for this
 * content and this key, and holds now; then unwrap the content key, which is the caller's to free. `reader`
 * is who it is for, "" if it doesn't say so, and lies in the arena.
 * R_USE_LICENSE_INVALID, R_USE_LICENSE_EXPIRED, R_INPUT_NOT_PROTECTED for a broken publishing license,
 * R_AUTHORITY_UNREACHABLE for keys that are none. */
rc license_open_with(struct arena *arena, const struct license_wanted *wanted, struct slice key_set,
                     struct secret **key, const char **reader, struct err *err);
/* The same; issuer and keys are those that the authority publishes for the content's tenant.
 * R_AUTHORITY_UNREACHABLE. */
rc license_open(struct client *client, struct arena *arena, const struct license_wanted *wanted,
                struct secret **key, const char **reader, struct err *err);

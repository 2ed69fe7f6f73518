/* SPDX-License-Identifier: Apache-2.0 */
/* Use licenses on the client's side: verify one, and take the content key out of it
 * (docs/formats.md §7). */
#pragma once

#include "base/secret.h"
#include "client/client.h"
#include "crypto/jwk.h"

/* A use license, and what it must be for. Borrows all. */
struct license_wanted {
    struct slice text;               /* the compact JWS */
    struct slice publishing_license; /* of the content */
    const struct jwk_private *key;   /* to which the content key was to be wrapped */
};

/* Check that the license is signed by one of these keys (a JWK set), says that it is of the content's
 * tenant, and is for this content and this key; then unwrap the content key, which is the caller's to
 * free. `exp`, and the address before the tenant in `iss`, are not looked at yet (issue 11).
 * R_TOKEN_… for what is wrong with the license, R_LICENSE_MALFORMED, R_ISSUER_KEYS_INVALID,
 * R_CRYPTO_FAILED. */
rc license_open_with(struct arena *arena, const struct license_wanted *wanted, struct slice key_set,
                     struct secret **key, struct err *err);
/* The same with the keys of the content's tenant, fetched from the authority; R_ISSUER_UNREACHABLE. */
rc license_open(struct client *client, struct arena *arena, const struct license_wanted *wanted,
                struct secret **key, struct err *err);

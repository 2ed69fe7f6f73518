/* SPDX-License-Identifier: Apache-2.0 */
/* How a customer's key enters (docs/formats.md §4.4): wrapped to an RSA key that was made for it, by RSA-OAEP with SHA-256
 * and AES-KWP, as PKCS #11 (CKM_RSA_AES_KEY_WRAP) and cloud HSMs do it. */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/secret.h"
#include "crypto/jwk.h"

/* Make an import key, as PKCS #8 in DER. Takes up to seconds: any thread but a loop's. Another thread may set `is_left`, so that it
 * ends soon, without a key; NULL: nobody does. R_CRYPTO_FAILED. */
rc import_key_make(const atomic_bool *is_left, struct secret **out, struct err *err);
/* Its public half as a JWK, in the arena. */
rc import_key_public(struct arena *arena, const struct secret *import, const char **out,
                     struct err *err);
/* What was wrapped to it. `mismatch` for everything that was not. */
rc import_key_unwrap(struct arena *arena, const struct secret *import, struct slice wrapped,
                     enum reason mismatch, struct secret **out, struct err *err);
/* Wrap a key to one, which must be RSA; R_CLIENT_KEY_INVALID. */
rc import_key_wrap(struct arena *arena, const struct jwk_public *import, const struct secret *key,
                   struct slice *out, struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JSON Web Encryption (RFC 7516) of content keys: ECDH-ES+A256KW or RSA-OAEP-256 with
 * A256GCM, nothing else. No compression, no PBES2, no direct modes. Loop thread. */
#pragma once

#include "base/arena.h"
#include "crypto/jwk.h"

/* Encrypt to a public key; a fresh ephemeral key and content-encryption key per call. */
rc jwe_encrypt(struct arena *arena, const struct jwk_public *to, struct slice plain,
               struct slice *out, struct err *err);
/* Decrypt with an EC private key (the client's side). `mismatch` is raised for everything that is
 * not a sound JWE to this key. The plaintext is a secret of its own. */
rc jwe_decrypt(const struct jwk_private *key, struct slice token, enum reason mismatch,
               struct secret **out, struct err *err);
/* The same for tokens of up to so many bytes, which jwe_decrypt bounds by 16 KiB. */
rc jwe_decrypt_long(const struct jwk_private *key, struct slice token, size_t max,
                    enum reason mismatch, struct secret **out, struct err *err);

/* Whoever has an EC private key that never leaves it, such as a token: the x-coordinate of what the key and this point, uncompressed,
 * agree on. */
enum { JWE_SHARED_MAX = 48 };
typedef rc (*jwe_agree)(void *ctx, struct slice point, uint8_t out[JWE_SHARED_MAX], size_t *len_out,
                        struct err *err);
/* As jwe_decrypt by such a key; what `agree` raises is passed on. */
rc jwe_decrypt_by(jwe_agree agree, void *ctx, struct slice token, enum reason mismatch,
                  struct secret **out, struct err *err);

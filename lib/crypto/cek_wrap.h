/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/crypto only: how a JWE's content-encryption key is wrapped to a key of each kind
 * (RFC 7518 §4). The functions are rows of the table of key types (key_type.h). Any thread. */
#pragma once

#include "crypto/jwe.h"
#include "crypto/key_type.h"

#define CEK_WRAP_ECDH "ECDH-ES+A256KW"
#define CEK_WRAP_RSA "RSA-OAEP-256"

/* To a fresh ephemeral key on the same curve, which the header carries. */
rc cek_wrap_ecdh(const struct jwk_public *to, const uint8_t cek[CEK_BYTES], struct wrapped_cek *out,
                 struct err *err);
rc cek_wrap_rsa(const struct jwk_public *to, const uint8_t cek[CEK_BYTES], struct wrapped_cek *out,
                struct err *err);
/* The other way, with a private key; `mismatch` for everything that is not sound. */
rc cek_unwrap_ecdh(struct arena *arena, const struct jwk_private *key, const json_t *header,
                   struct slice wrapped, enum reason mismatch, uint8_t cek[CEK_BYTES],
                   struct err *err);
/* The same where another has the private key, and only agrees. */
rc cek_unwrap_agreed(struct arena *arena, jwe_agree agree, void *ctx, const json_t *header,
                     struct slice wrapped, enum reason mismatch, uint8_t cek[CEK_BYTES],
                     struct err *err);

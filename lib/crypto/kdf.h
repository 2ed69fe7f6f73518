/* SPDX-License-Identifier: Apache-2.0 */
/* Key derivation. Loop thread. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum { HKDF_SHA256_MAX = 255 * 32 };

/* HKDF-SHA256, extract and expand (RFC 5869 §2). An empty salt is 32 zeros. out_len ≤ 8160. */
rc kdf_hkdf_sha256(struct slice secret, struct slice salt, struct slice info, uint8_t *out,
                   size_t out_len, struct err *err);
/* Concat KDF of JWA for ECDH-ES (RFC 7518 §4.6.2) with SHA-256, one round: a 256-bit key for the
 * algorithm id `alg`, with empty or given PartyUInfo and PartyVInfo. */
rc kdf_concat_sha256(struct slice shared, const char *alg, struct slice apu, struct slice apv,
                     uint8_t out[32], struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* Digests in one shot (FIPS 180-4). Loop thread. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum { SHA256_BYTES = 32 };

/* R_CRYPTO_FAILED if the provider fails. */
rc hash_sha256(struct slice data, uint8_t out[SHA256_BYTES], struct err *err);
/* HMAC-SHA256 (RFC 2104); key at most what the provider accepts. */
rc hmac_sha256(struct slice key, struct slice data, uint8_t out[SHA256_BYTES], struct err *err);

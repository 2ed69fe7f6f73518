/* SPDX-License-Identifier: Apache-2.0 */
/* Splitting a secret among people: any `threshold` of `count` shares give it back, fewer tell nothing (A. Shamir, How to share a
 * secret, 1979). Each byte is a polynomial of its own over GF(256) with AES's modulus; the secret is its value at 0, and a share's
 * number is where it is evaluated. Without tables and branches that depend on secrets. Any thread. */
#pragma once

#include <stdint.h>

#include "base/secret.h"

enum { SHAMIR_SHARES_MAX = 16, SHAMIR_THRESHOLD_MIN = 2 };

/* Make shares number 1 to `count` of it, each as long; threshold 2 to count, count up to SHAMIR_SHARES_MAX. R_CRYPTO_FAILED */
rc shamir_split(const struct secret *secret, unsigned threshold, unsigned count,
                struct secret *shares[SHAMIR_SHARES_MAX], struct err *err);
/* Join as many as the threshold says, of different numbers, none 0, all as long. Of fewer or wrong ones comes something else. */
struct secret *shamir_join(struct secret *const *shares, const uint8_t *numbers, unsigned count);

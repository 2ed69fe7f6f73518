/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/shamir.h"

#include <openssl/rand.h>

#include "base/mem.h"

enum { MODULUS = 0x1b }; /* x⁸ + x⁴ + x³ + x + 1 without its highest bit: FIPS 197 §4.2 */

static uint8_t multiply(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (int bit = 0; bit < 8; bit++) {
        product ^= (uint8_t)(a & (0U - (b & 1U)));
        a = (uint8_t)((unsigned)a << 1 ^ (MODULUS & (0U - ((unsigned)a >> 7))));
        b >>= 1;
    }
    return product;
}

/* a²⁵⁴, as a²⁵⁵ is 1; of 0 it is 0. */
static uint8_t invert(uint8_t a)
{
    uint8_t power = a, inverse = 1;
    for (int bit = 1; bit < 8; bit++) {
        power = multiply(power, power);
        inverse = multiply(inverse, power);
    }
    return inverse;
}

/* By Horner; the coefficients of the highest power first, and the secret's byte last. */
static uint8_t evaluate(const uint8_t *coefficients, unsigned count, uint8_t x)
{
    uint8_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value = (uint8_t)(multiply(value, x) ^ coefficients[i]);
    }
    return value;
}

rc shamir_split(const struct secret *secret, unsigned threshold, unsigned count,
                struct secret *shares[SHAMIR_SHARES_MAX], struct err *err)
{
    uint8_t coefficients[SHAMIR_SHARES_MAX];
    struct slice bytes = secret_use(secret);
    CH_ASSERT(threshold >= SHAMIR_THRESHOLD_MIN && threshold <= count &&
              count <= SHAMIR_SHARES_MAX);
    for (unsigned i = 0; i < count; i++) {
        shares[i] = secret_new(bytes.len);
    }
    bool is_random = true;
    for (size_t at = 0; at < bytes.len && is_random; at++) {
        is_random = RAND_priv_bytes(coefficients, (int)threshold - 1) == 1;
        coefficients[threshold - 1] = bytes.ptr[at];
        for (unsigned i = 0; i < count; i++) {
            secret_bytes(shares[i])[at] = evaluate(coefficients, threshold, (uint8_t)(i + 1));
        }
    }
    mem_wipe(coefficients, sizeof coefficients);
    for (unsigned i = 0; i < count && !is_random; i++) {
        secret_free_at(&shares[i]);
    }
    ENSURE(is_random, err, R_CRYPTO_FAILED);
    return OK;
}

/* Lagrange's factor of one share at 0: the product of x_j ÷ (x_j − x_i) over all others. Numbers are no secrets. */
static uint8_t factor_of(const uint8_t *numbers, unsigned count, unsigned own)
{
    uint8_t factor = 1;
    for (unsigned i = 0; i < count; i++) {
        uint8_t difference = numbers[i] ^ numbers[own];
        factor = i == own ? factor : multiply(factor, multiply(numbers[i], invert(difference)));
    }
    return factor;
}

struct secret *shamir_join(struct secret *const *shares, const uint8_t *numbers, unsigned count)
{
    struct secret *secret = secret_new(secret_len(shares[0]));
    for (unsigned i = 0; i < count; i++) {
        uint8_t factor = factor_of(numbers, count, i);
        struct slice share = secret_use(shares[i]);
        for (size_t at = 0; at < share.len; at++) {
            secret_bytes(secret)[at] ^= multiply(share.ptr[at], factor);
        }
    }
    return secret;
}

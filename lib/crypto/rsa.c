/* SPDX-License-Identifier: Apache-2.0 */
/* RSA keys (RFC 7518 §6.3): for checking signatures, and for wrapping content keys to clients. */
#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "base/encode.h"
#include "crypto/crypto_internal.h"

enum { MODULUS_BYTES_MAX = JWK_RSA_BITS_MAX / 8, EXPONENT_BYTES_MAX = 8 };

/* Whether the modulus has the fingerprint of ROCA (CVE-2017-15361): for each of these small
 * primes p the residue lies in the subgroup that 65537 generates. The chance of a sound key is
 * below 2^-27. */
static bool is_roca(const BIGNUM *n)
{
    static const unsigned primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                      79, 97, 103, 107, 109, 127, 151, 157};
    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        unsigned p = primes[i];
        unsigned residue = (unsigned)BN_mod_word(n, p);
        unsigned power = 1;
        bool member = false;
        for (unsigned k = 0; k < p && !member; k++) {
            member = power == residue;
            power = power * (65537 % p) % p;
        }
        if (!member) {
            return false;
        }
    }
    return true;
}

static EVP_PKEY *rsa_from_numbers(BIGNUM *n, BIGNUM *e)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", algs()->properties);
    EVP_PKEY *pkey = NULL;
    if (builder != NULL && ctx != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(builder)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1) {
        (void)EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params);
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(ctx);
    openssl_errors_clear();
    return pkey;
}

/* Of a sound size, odd, an exponent of 3 at least, and not made by a broken chip. */
static bool are_sound(const BIGNUM *n, const BIGNUM *e)
{
    return BN_num_bits(n) >= JWK_RSA_BITS_MIN && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) &&
           !is_roca(n);
}

rc rsa_read(struct arena *arena, const struct key_type *type, const json_t *jwk,
            enum reason invalid, EVP_PKEY **out, struct err *err)
{
    (void)type;
    struct slice n_bytes, e_bytes;
    TRY(jwk_decode_member(arena, jwk, "n", invalid, &n_bytes, err));
    TRY(jwk_decode_member(arena, jwk, "e", invalid, &e_bytes, err));
    ENSURE(n_bytes.len <= MODULUS_BYTES_MAX, err, invalid);
    ENSURE(e_bytes.len <= EXPONENT_BYTES_MAX, err, invalid);
    BIGNUM *n = BN_bin2bn(n_bytes.ptr, (int)n_bytes.len, NULL);
    BIGNUM *e = BN_bin2bn(e_bytes.ptr, (int)e_bytes.len, NULL);
    bool is_sound = n != NULL && e != NULL && are_sound(n, e);
    *out = is_sound ? rsa_from_numbers(n, e) : NULL;
    BN_free(n);
    BN_free(e);
    ENSURE(*out != NULL, err, invalid);
    return OK;
}

/* A number of the key in base64url; false when it has none, or it is too long. */
static bool write_number(const EVP_PKEY *pkey, const char *param, char out[2 * MODULUS_BYTES_MAX])
{
    BIGNUM *number = NULL;
    uint8_t bytes[MODULUS_BYTES_MAX];
    bool ok = EVP_PKEY_get_bn_param(pkey, param, &number) == 1 &&
              BN_num_bytes(number) <= (int)sizeof bytes;
    if (ok) {
        size_t len = (size_t)BN_bn2bin(number, bytes);
        out[base64url_encode(slice_of(bytes, len), out)] = '\0';
    }
    BN_free(number);
    openssl_errors_clear();
    return ok;
}

rc rsa_write(const struct key_type *type, const EVP_PKEY *pkey, char out[MEMBERS_MAX],
             struct err *err)
{
    char n[2 * MODULUS_BYTES_MAX], e[2 * MODULUS_BYTES_MAX];
    ENSURE(write_number(pkey, OSSL_PKEY_PARAM_RSA_N, n), err, R_CRYPTO_FAILED);
    ENSURE(write_number(pkey, OSSL_PKEY_PARAM_RSA_E, e), err, R_CRYPTO_FAILED);
    int len =
        snprintf(out, MEMBERS_MAX, "\"e\":\"%s\",\"kty\":\"%s\",\"n\":\"%s\"", e, type->kty, n);
    ENSURE(len > 0 && len < MEMBERS_MAX, err, R_CRYPTO_FAILED);
    return OK;
}

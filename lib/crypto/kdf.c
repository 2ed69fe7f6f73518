/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/kdf.h"

#include <string.h>

#include "base/mem.h"
#include "crypto/crypto_internal.h"
#include "crypto/hash.h"

/* One block of HKDF-Expand: HMAC(prk, previous || info || counter). */
static rc expand_block(const uint8_t prk[SHA256_BYTES], struct slice previous, struct slice info,
                       uint8_t counter, uint8_t out[SHA256_BYTES], struct err *err)
{
    EVP_MAC_CTX *ctx = algs_contexts()->hmac_sha256;
    size_t written = 0;
    ENSURE(EVP_MAC_init(ctx, prk, SHA256_BYTES, NULL) == 1 &&
               EVP_MAC_update(ctx, previous.ptr, previous.len) == 1 &&
               EVP_MAC_update(ctx, info.ptr, info.len) == 1 &&
               EVP_MAC_update(ctx, &counter, 1) == 1 &&
               EVP_MAC_final(ctx, out, &written, SHA256_BYTES) == 1,
           err, R_CRYPTO_FAILED);
    return OK;
}

rc kdf_hkdf_sha256(struct slice secret, struct slice salt, struct slice info, uint8_t *out,
                   size_t out_len, struct err *err)
{
    static const uint8_t zeros[SHA256_BYTES];
    ENSURE(out_len <= HKDF_SHA256_MAX, err, R_CRYPTO_FAILED);
    uint8_t prk[SHA256_BYTES];
    uint8_t block[SHA256_BYTES];
    TRY(hmac_sha256(salt.len == 0 ? slice_of(zeros, sizeof zeros) : salt, secret, prk, err));
    struct slice previous = SLICE_NONE;
    rc result = OK;
    for (size_t done = 0; done < out_len && result.ok; done += SHA256_BYTES) {
        uint8_t counter = (uint8_t)(done / SHA256_BYTES + 1);
        result = expand_block(prk, previous, info, counter, block, err);
        size_t left = out_len - done;
        memcpy(out + done, block, left < SHA256_BYTES ? left : SHA256_BYTES);
        previous = slice_of(block, sizeof block);
    }
    hmac_forget();
    mem_wipe(prk, sizeof prk);
    mem_wipe(block, sizeof block);
    return result;
}

static void put_u32(uint8_t out[4], size_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (8 * (3 - i)));
    }
}

static bool add_framed(EVP_MD_CTX *ctx, struct slice data)
{
    uint8_t len[4];
    put_u32(len, data.len);
    return EVP_DigestUpdate(ctx, len, sizeof len) == 1 &&
           EVP_DigestUpdate(ctx, data.ptr, data.len) == 1;
}

rc kdf_concat_sha256(struct slice shared, const char *alg, struct slice apu, struct slice apv,
                     uint8_t out[32], struct err *err)
{
    static const uint8_t round_one[4] = {0, 0, 0, 1};
    static const uint8_t key_bits[4] = {0, 0, 1, 0}; /* SuppPubInfo: 256 */
    EVP_MD_CTX *ctx = algs_contexts()->digest;
    unsigned len = 0;
    ENSURE(EVP_DigestInit_ex(ctx, algs()->sha256, NULL) == 1 &&
               EVP_DigestUpdate(ctx, round_one, sizeof round_one) == 1 &&
               EVP_DigestUpdate(ctx, shared.ptr, shared.len) == 1 &&
               add_framed(ctx, slice_str(alg)) && add_framed(ctx, apu) && add_framed(ctx, apv) &&
               EVP_DigestUpdate(ctx, key_bits, sizeof key_bits) == 1 &&
               EVP_DigestFinal_ex(ctx, out, &len) == 1,
           err, R_CRYPTO_FAILED);
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include <limits.h>

#include "base/mem.h"
#include "crypto/crypto_internal.h"

static bool sizes_fit(struct slice key, struct slice aad, struct slice text)
{
    return key.len == AEAD_KEY_BYTES && aad.len <= INT_MAX && text.len <= INT_MAX;
}

rc aead_seal(struct slice key, const uint8_t nonce[AEAD_NONCE_BYTES], struct slice aad,
             struct slice plain, uint8_t *out, uint8_t tag[AEAD_TAG_BYTES], struct err *err)
{
    EVP_CIPHER_CTX *ctx = algs_contexts()->gcm_seal;
    uint8_t nothing[1]; /* a place to write when there is nothing to write */
    int len = 0;
    ENSURE(sizes_fit(key, aad, plain), err, R_CRYPTO_FAILED);
    bool ok =
        EVP_EncryptInit_ex2(ctx, algs()->aes256_gcm, key.ptr, nonce, NULL) == 1 &&
        (aad.len == 0 || EVP_EncryptUpdate(ctx, NULL, &len, aad.ptr, (int)aad.len) == 1) &&
        (plain.len == 0 || EVP_EncryptUpdate(ctx, out, &len, plain.ptr, (int)plain.len) == 1) &&
        EVP_EncryptFinal_ex(ctx, nothing, &len) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, tag) == 1;
    EVP_CIPHER_CTX_reset(ctx); /* wipes the key's schedule, which begins with the key */
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    return OK;
}

rc aead_open(struct slice key, const uint8_t nonce[AEAD_NONCE_BYTES], struct slice aad,
             struct slice cipher, const uint8_t tag[AEAD_TAG_BYTES], uint8_t *out,
             enum reason mismatch, struct err *err)
{
    EVP_CIPHER_CTX *ctx = algs_contexts()->gcm_open;
    uint8_t nothing[1]; /* a place to write when there is nothing to write */
    int len = 0;
    uint8_t expected[AEAD_TAG_BYTES]; /* EVP wants it writable */
    memcpy(expected, tag, sizeof expected);
    ENSURE(sizes_fit(key, aad, cipher), err, mismatch);
    bool ok =
        EVP_DecryptInit_ex2(ctx, algs()->aes256_gcm, key.ptr, nonce, NULL) == 1 &&
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, expected) == 1 &&
        (aad.len == 0 || EVP_DecryptUpdate(ctx, NULL, &len, aad.ptr, (int)aad.len) == 1) &&
        (cipher.len == 0 || EVP_DecryptUpdate(ctx, out, &len, cipher.ptr, (int)cipher.len) == 1) &&
        EVP_DecryptFinal_ex(ctx, nothing, &len) == 1;
    EVP_CIPHER_CTX_reset(ctx);
    openssl_errors_clear();
    if (!ok) {
        mem_wipe(out, cipher.len);
        FAIL(err, mismatch, "AES-256-GCM tag of %zu bytes of text", cipher.len);
    }
    return OK;
}

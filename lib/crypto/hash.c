/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hash.h"

#include "crypto/crypto_internal.h"

rc hash_sha256(struct slice data, uint8_t out[SHA256_BYTES], struct err *err)
{
    EVP_MD_CTX *ctx = algs_contexts()->digest;
    unsigned len = 0;
    ENSURE(EVP_DigestInit_ex(ctx, algs()->sha256, NULL) == 1 &&
               EVP_DigestUpdate(ctx, data.ptr, data.len) == 1 &&
               EVP_DigestFinal_ex(ctx, out, &len) == 1,
           err, R_CRYPTO_FAILED);
    return OK;
}

void hmac_forget(void)
{
    static const uint8_t none[1];
    (void)EVP_MAC_init(algs_contexts()->hmac_sha256, none, sizeof none, NULL);
}

rc hmac_sha256(struct slice key, struct slice data, uint8_t out[SHA256_BYTES], struct err *err)
{
    /* An empty key would mean "keep the last one" to the provider. */
    static const uint8_t none[1];
    const uint8_t *bytes = key.len == 0 ? none : key.ptr;
    size_t len = key.len == 0 ? sizeof none : key.len;
    EVP_MAC_CTX *ctx = algs_contexts()->hmac_sha256;
    size_t written = 0;
    bool ok = EVP_MAC_init(ctx, bytes, len, NULL) == 1 &&
              EVP_MAC_update(ctx, data.ptr, data.len) == 1 &&
              EVP_MAC_final(ctx, out, &written, SHA256_BYTES) == 1;
    hmac_forget();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    return OK;
}

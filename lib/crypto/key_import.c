/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_import.h"

#include <string.h>

#include <openssl/rsa.h>

#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/crypto_internal.h"
#include "crypto/keywrap.h"

enum { IMPORT_BITS = 3072, IMPORT_BYTES = IMPORT_BITS / 8 };

/* Asked at each candidate for a prime. */
static int go_on(EVP_PKEY_CTX *ctx)
{
    const atomic_bool *is_left = EVP_PKEY_CTX_get_app_data(ctx);
    return is_left == NULL || !atomic_load(is_left);
}

rc import_key_make(const atomic_bool *is_left, struct secret **out, struct err *err)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", algs()->properties);
    bool ok = ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, IMPORT_BITS) == 1;
    if (ok) {
        EVP_PKEY_CTX_set_app_data(ctx, (void *)(uintptr_t)is_left);
        EVP_PKEY_CTX_set_cb(ctx, go_on);
        ok = EVP_PKEY_generate(ctx, &pkey) == 1;
    }
    EVP_PKEY_CTX_free(ctx);
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    rc result = pkey_encode(pkey, "DER", out, err);
    EVP_PKEY_free(pkey);
    return result;
}

rc import_key_public(struct arena *arena, const struct secret *import, const char **out,
                     struct err *err)
{
    struct jwk_public key = {.type = key_type_of(JWK_RSA)};
    TRY(pkey_decode("RSA", import, "DER", &key.pkey, err));
    rc result = jwk_set_thumbprint(&key, err);
    *out = result.ok ? jwk_public_json(arena, &key, "enc", key.type->wrap_alg) : NULL;
    EVP_PKEY_free(key.pkey);
    TRY(result);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* The AES key that stands first. */
static bool open_kek(EVP_PKEY *import, struct slice wrapped, uint8_t kek[AEAD_KEY_BYTES])
{
    uint8_t plain[IMPORT_BYTES];
    size_t len = sizeof plain;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, import, algs()->properties);
    bool ok = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md(ctx, algs()->sha256) == 1 &&
              EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, algs()->sha256) == 1 &&
              EVP_PKEY_decrypt(ctx, plain, &len, wrapped.ptr, wrapped.len) == 1 &&
              len == AEAD_KEY_BYTES;
    if (ok) {
        memcpy(kek, plain, AEAD_KEY_BYTES);
    }
    mem_wipe(plain, sizeof plain);
    EVP_PKEY_CTX_free(ctx);
    openssl_errors_clear();
    return ok;
}

static rc open_key(struct arena *arena, const uint8_t kek[AEAD_KEY_BYTES], struct slice wrapped,
                   enum reason mismatch, struct secret **out, struct err *err)
{
    struct slice key;
    TRY(keywrap_unwrap_padded(arena, slice_of(kek, AEAD_KEY_BYTES), wrapped, mismatch, &key, err));
    *out = secret_copy(key);
    mem_wipe((uint8_t *)(uintptr_t)key.ptr, key.len);
    return OK;
}

rc import_key_unwrap(struct arena *arena, const struct secret *import, struct slice wrapped,
                     enum reason mismatch, struct secret **out, struct err *err)
{
    EVP_PKEY *pkey = NULL;
    uint8_t kek[AEAD_KEY_BYTES];
    ENSURE(wrapped.len > IMPORT_BYTES, err, mismatch);
    TRY(pkey_decode("RSA", import, "DER", &pkey, err));
    bool ok = open_kek(pkey, slice_cut(wrapped, 0, IMPORT_BYTES), kek);
    EVP_PKEY_free(pkey);
    ENSURE(ok, err, mismatch);
    rc result =
        open_key(arena, kek, slice_cut(wrapped, IMPORT_BYTES, wrapped.len), mismatch, out, err);
    mem_wipe(kek, sizeof kek);
    return result;
}

static rc join(struct arena *arena, struct slice first, struct slice second, struct slice *out,
               struct err *err)
{
    uint8_t *both = arena_alloc(arena, first.len + second.len);
    ARENA_ENSURE(both, err);
    memcpy(both, first.ptr, first.len);
    memcpy(both + first.len, second.ptr, second.len);
    *out = slice_of(both, first.len + second.len);
    return OK;
}

rc import_key_wrap(struct arena *arena, const struct jwk_public *import, const struct secret *key,
                   struct slice *out, struct err *err)
{
    struct wrapped_cek kek;
    struct slice wrapped;
    ENSURE(import->type->kind == JWK_RSA && jwk_may_wrap(import), err, R_CLIENT_KEY_INVALID);
    AUTO(secret_free_at) struct secret *secret = secret_random(CEK_BYTES);
    TRY(import->type->wrap(import, secret_use(secret).ptr, &kek, err));
    TRY(keywrap_wrap_padded(arena, secret_use(secret), secret_use(key), &wrapped, err));
    return join(arena, slice_of(kek.bytes, kek.len), wrapped, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keywrap.h"

#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/crypto_internal.h"

enum { BLOCK = 8, WRAP_INPUT_MAX = 1 << 20 };

/* Run one wrap or unwrap; the number of bytes written, or -1. */
static int run(const EVP_CIPHER *cipher, bool wrap, struct slice kek, struct slice in, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = algs_contexts()->wrap;
    int len = 0, rest = 0;
    if (kek.len != AEAD_KEY_BYTES || in.len > WRAP_INPUT_MAX) {
        return -1;
    }
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool ok = EVP_CipherInit_ex2(ctx, cipher, kek.ptr, NULL, wrap ? 1 : 0, NULL) == 1 &&
              EVP_CipherUpdate(ctx, out, &len, in.ptr, (int)in.len) == 1 &&
              EVP_CipherFinal_ex(ctx, out + len, &rest) == 1;
    EVP_CIPHER_CTX_reset(ctx); /* wipes the key's schedule, which begins with the key */
    openssl_errors_clear();
    return ok ? len + rest : -1;
}

rc keywrap_wrap(struct slice kek, struct slice key, uint8_t *out, struct err *err)
{
    ENSURE(key.len >= 2 * BLOCK && key.len % BLOCK == 0, err, R_CRYPTO_FAILED);
    ENSURE(run(algs()->aes256_wrap, true, kek, key, out) == (int)key.len + BLOCK, err,
           R_CRYPTO_FAILED);
    return OK;
}

rc keywrap_unwrap(struct slice kek, struct slice wrapped, uint8_t *out, enum reason mismatch,
                  struct err *err)
{
    ENSURE(wrapped.len >= 3 * BLOCK && wrapped.len % BLOCK == 0, err, mismatch);
    if (run(algs()->aes256_wrap, false, kek, wrapped, out) != (int)wrapped.len - BLOCK) {
        mem_wipe(out, wrapped.len - BLOCK);
        FAIL(err, mismatch, "AES key unwrap of %zu bytes", wrapped.len);
    }
    return OK;
}

rc keywrap_wrap_padded(struct arena *arena, struct slice kek, struct slice key, struct slice *out,
                       struct err *err)
{
    ENSURE(key.len > 0, err, R_CRYPTO_FAILED);
    uint8_t *wrapped = arena_alloc(arena, key.len + 4 * BLOCK);
    ARENA_ENSURE(wrapped, err);
    int len = run(algs()->aes256_wrap_pad, true, kek, key, wrapped);
    ENSURE(len > 0, err, R_CRYPTO_FAILED);
    *out = slice_of(wrapped, (size_t)len);
    return OK;
}

rc keywrap_unwrap_padded(struct arena *arena, struct slice kek, struct slice wrapped,
                         enum reason mismatch, struct slice *out, struct err *err)
{
    ENSURE(wrapped.len >= 2 * BLOCK && wrapped.len % BLOCK == 0, err, mismatch);
    uint8_t *key = arena_alloc(arena, wrapped.len + BLOCK);
    ARENA_ENSURE(key, err);
    int len = run(algs()->aes256_wrap_pad, false, kek, wrapped, key);
    if (len <= 0) {
        mem_wipe(key, wrapped.len);
        FAIL(err, mismatch, "AES key unwrap with padding of %zu bytes", wrapped.len);
    }
    *out = slice_of(key, (size_t)len);
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwe.h"

#include <openssl/rand.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/cek_wrap.h"
#include "crypto/crypto_internal.h"
#include "crypto/json.h"

enum { TOKEN_BYTES_MAX = 16 * 1024, HEADER_BUDGET = 16 * 1024 };

/* --- encryption ----------------------------------------------------------------------------- */

static rc assemble(struct arena *arena, const struct wrapped_cek *key, const uint8_t *cek,
                   struct slice plain, struct slice *out, struct err *err)
{
    uint8_t nonce[AEAD_NONCE_BYTES], tag[AEAD_TAG_BYTES];
    ENSURE(RAND_bytes(nonce, sizeof nonce) == 1, err, R_CRYPTO_FAILED);
    size_t total = base64url_length(key->header_len) + base64url_length(key->len) +
                   base64url_length(sizeof nonce) + base64url_length(plain.len) +
                   base64url_length(sizeof tag) + 4;
    char *token = arena_alloc(arena, total + 1);
    uint8_t *cipher = arena_alloc(arena, plain.len);
    ARENA_ENSURE(token, err);
    ARENA_ENSURE(cipher, err);
    size_t n = base64url_encode(slice_of(key->header, key->header_len), token);
    struct slice aad = slice_of(token, n); /* RFC 7516 §5.1 step 14: the encoded header */
    TRY(aead_seal(slice_of(cek, CEK_BYTES), nonce, aad, plain, cipher, tag, err));
    const struct slice parts[] = {slice_of(key->bytes, key->len), slice_of(nonce, sizeof nonce),
                                  slice_of(cipher, plain.len), slice_of(tag, sizeof tag)};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        token[n++] = '.';
        n += base64url_encode(parts[i], token + n);
    }
    token[n] = '\0';
    *out = slice_of(token, n);
    return OK;
}

rc jwe_encrypt(struct arena *arena, const struct jwk_public *to, struct slice plain,
               struct slice *out, struct err *err)
{
    ENSURE(jwk_may_wrap(to), err, R_CLIENT_KEY_INVALID);
    uint8_t cek[CEK_BYTES];
    struct wrapped_cek key;
    ENSURE(RAND_priv_bytes(cek, sizeof cek) == 1, err, R_CRYPTO_FAILED);
    rc result = to->type->wrap(to, cek, &key, err);
    if (result.ok) {
        result = assemble(arena, &key, cek, plain, out, err);
    }
    mem_wipe(cek, sizeof cek);
    return result;
}

/* --- decryption ----------------------------------------------------------------------------- */

struct jwe_parts {
    struct slice aad;      /* the header as encoded */
    struct slice field[5]; /* decoded: header, key, nonce, ciphertext, tag */
};

static rc split(struct arena *arena, struct slice token, enum reason mismatch,
                struct jwe_parts *out, struct err *err)
{
    struct slice rest = token;
    for (int i = 0; i < 5; i++) {
        ptrdiff_t dot = slice_find(rest, '.');
        ENSURE((dot >= 0) == (i < 4), err, mismatch);
        struct slice part = i < 4 ? slice_cut(rest, 0, (size_t)dot) : rest;
        rest = i < 4 ? slice_cut(rest, (size_t)dot + 1, rest.len) : SLICE_NONE;
        out->aad = i == 0 ? part : out->aad;
        if (!base64url_decode(arena, part, &out->field[i], err).ok) {
            FAIL(err, mismatch, "part %d is not base64url", i);
        }
    }
    ENSURE(out->field[2].len == AEAD_NONCE_BYTES && out->field[4].len == AEAD_TAG_BYTES, err,
           mismatch);
    return OK;
}

/* Who unwraps: a key, or else one that only agrees. */
struct unwrapper {
    const struct jwk_private *key;
    jwe_agree agree;
    void *ctx;
};

static rc unwrap_cek(struct arena *arena, const struct unwrapper *by, const struct jwe_parts *parts,
                     enum reason mismatch, uint8_t cek[CEK_BYTES], struct err *err)
{
    const char *wanted = by->key == NULL ? CEK_WRAP_ECDH : by->key->pub.type->wrap_alg;
    json_t *header;
    struct slice alg, enc, wrapped = parts->field[1];
    TRY(json_parse_object(arena, parts->field[0], 2 * JWE_HEADER_MAX, mismatch, &header, err));
    TRY(json_need_text(header, "alg", mismatch, &alg, err));
    TRY(json_need_text(header, "enc", mismatch, &enc, err));
    ENSURE(slice_eq_str(alg, wanted) && slice_eq_str(enc, "A256GCM"), err, mismatch);
    ENSURE(json_object_get(header, "crit") == NULL && json_object_get(header, "zip") == NULL, err,
           mismatch);
    return by->key == NULL
               ? cek_unwrap_agreed(arena, by->agree, by->ctx, header, wrapped, mismatch, cek, err)
               : by->key->pub.type->unwrap(arena, by->key, header, wrapped, mismatch, cek, err);
}

static rc decrypt(const struct unwrapper *by, struct slice token, size_t max, enum reason mismatch,
                  struct secret **out, struct err *err)
{
    ENSURE(token.len <= max, err, mismatch);
    AUTO(arena_free_at) struct arena *arena = arena_new(3 * max + HEADER_BUDGET);
    struct jwe_parts parts = {0};
    uint8_t cek[CEK_BYTES];
    TRY(split(arena, token, mismatch, &parts, err));
    TRY(unwrap_cek(arena, by, &parts, mismatch, cek, err));
    AUTO(secret_free_at) struct secret *plain = secret_new(parts.field[3].len);
    rc result = aead_open(slice_of(cek, sizeof cek), parts.field[2].ptr, parts.aad, parts.field[3],
                          parts.field[4].ptr, secret_bytes(plain), mismatch, err);
    mem_wipe(cek, sizeof cek);
    if (result.ok) {
        *out = plain;
        plain = NULL;
    }
    return result;
}

rc jwe_decrypt(const struct jwk_private *key, struct slice token, enum reason mismatch,
               struct secret **out, struct err *err)
{
    return jwe_decrypt_long(key, token, TOKEN_BYTES_MAX, mismatch, out, err);
}

rc jwe_decrypt_long(const struct jwk_private *key, struct slice token, size_t max,
                    enum reason mismatch, struct secret **out, struct err *err)
{
    return decrypt(&(struct unwrapper){.key = key}, token, max, mismatch, out, err);
}

rc jwe_decrypt_by(jwe_agree agree, void *ctx, struct slice token, enum reason mismatch,
                  struct secret **out, struct err *err)
{
    return decrypt(&(struct unwrapper){.agree = agree, .ctx = ctx}, token, TOKEN_BYTES_MAX,
                   mismatch, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwe.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/crypto_internal.h"
#include "crypto/json.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"

enum {
    CEK_BYTES = 32,
    CEK_WRAPPED_BYTES = CEK_BYTES + 8,
    RSA_BYTES_MAX = JWK_RSA_BITS_MAX / 8,
    HEADER_MAX = 512,
    TOKEN_BYTES_MAX = 16 * 1024,
    DECRYPT_BUDGET = 4 * TOKEN_BYTES_MAX,
};

static const char ALG_ECDH[] = "ECDH-ES+A256KW";

/* What the two key-management modes have in common. */
struct wrapped_cek {
    char header[HEADER_MAX];
    size_t header_len;
    uint8_t bytes[RSA_BYTES_MAX];
    size_t len;
};

/* --- wrapping the content-encryption key ---------------------------------------------------- */

static rc derive_kek(EVP_PKEY *own, EVP_PKEY *peer, struct slice apu, struct slice apv,
                     uint8_t kek[32], struct err *err)
{
    uint8_t shared[48];
    size_t len;
    TRY(ec_agree(own, peer, shared, &len, err));
    rc result = kdf_concat_sha256(slice_of(shared, len), ALG_ECDH, apu, apv, kek, err);
    mem_wipe(shared, sizeof shared);
    return result;
}

static rc write_ecdh_header(const EVP_PKEY *ephemeral, enum jwk_kind kind, struct wrapped_cek *out,
                            struct err *err)
{
    struct ec_point p;
    char x[65]; /* a P-384 coordinate and a NUL */
    char y[sizeof x];
    TRY(ec_point_of(ephemeral, kind, &p, err));
    x[base64url_encode(slice_of(p.x, p.field), x)] = '\0';
    y[base64url_encode(slice_of(p.y, p.field), y)] = '\0';
    int len = snprintf(out->header, sizeof out->header,
                       "{\"alg\":\"%s\",\"enc\":\"A256GCM\",\"epk\":{\"kty\":\"EC\",\"crv\":\"%s\","
                       "\"x\":\"%s\",\"y\":\"%s\"}}",
                       ALG_ECDH, kind == JWK_EC_P384 ? "P-384" : "P-256", x, y);
    ENSURE(len > 0 && len < HEADER_MAX, err, R_INTERNAL);
    out->header_len = (size_t)len;
    return OK;
}

static rc wrap_ecdh(const struct jwk_public *to, const uint8_t cek[CEK_BYTES],
                    struct wrapped_cek *out, struct err *err)
{
    EVP_PKEY *ephemeral = NULL;
    uint8_t kek[32];
    TRY(ec_generate(to->kind, &ephemeral, err));
    rc result = derive_kek(ephemeral, to->pkey, SLICE_NONE, SLICE_NONE, kek, err);
    if (result.ok) {
        result = keywrap_wrap(slice_of(kek, sizeof kek), slice_of(cek, CEK_BYTES), out->bytes, err);
    }
    if (result.ok) {
        out->len = CEK_WRAPPED_BYTES;
        result = write_ecdh_header(ephemeral, to->kind, out, err);
    }
    EVP_PKEY_free(ephemeral);
    mem_wipe(kek, sizeof kek);
    return result;
}

static rc wrap_rsa(const struct jwk_public *to, const uint8_t cek[CEK_BYTES],
                   struct wrapped_cek *out, struct err *err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, to->pkey, algs()->properties);
    out->len = sizeof out->bytes;
    bool ok = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md(ctx, algs()->sha256) == 1 &&
              EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, algs()->sha256) == 1 &&
              EVP_PKEY_encrypt(ctx, out->bytes, &out->len, cek, CEK_BYTES) == 1;
    EVP_PKEY_CTX_free(ctx);
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    int len =
        snprintf(out->header, sizeof out->header, "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\"}");
    out->header_len = (size_t)len;
    return OK;
}

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
    rc result = to->kind == JWK_RSA ? wrap_rsa(to, cek, &key, err) : wrap_ecdh(to, cek, &key, err);
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
    ENSURE(token.len <= TOKEN_BYTES_MAX, err, mismatch);
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
    ENSURE(out->field[1].len == CEK_WRAPPED_BYTES && out->field[2].len == AEAD_NONCE_BYTES &&
               out->field[4].len == AEAD_TAG_BYTES,
           err, mismatch);
    return OK;
}

/* apu and apv (RFC 7518 §4.6.1.2): absent or base64url. */
static rc party_info(struct arena *arena, const json_t *header, const char *name,
                     enum reason mismatch, struct slice *out, struct err *err)
{
    struct slice text;
    TRY(json_get_text(header, name, mismatch, &text, err));
    if (!base64url_decode(arena, text, out, err).ok) {
        FAIL(err, mismatch, "%s is not base64url", name);
    }
    return OK;
}

static rc read_header(struct arena *arena, struct slice text, enum reason mismatch,
                      struct slice *epk_json, struct slice *apu, struct slice *apv, struct err *err)
{
    json_t *header;
    struct slice alg, enc;
    TRY(json_parse_object(arena, text, HEADER_MAX * 2, mismatch, &header, err));
    TRY(json_need_text(header, "alg", mismatch, &alg, err));
    TRY(json_need_text(header, "enc", mismatch, &enc, err));
    ENSURE(slice_eq_str(alg, ALG_ECDH) && slice_eq_str(enc, "A256GCM"), err, mismatch);
    ENSURE(json_object_get(header, "crit") == NULL && json_object_get(header, "zip") == NULL, err,
           mismatch);
    const json_t *epk = json_object_get(header, "epk");
    ENSURE(json_is_object(epk), err, mismatch);
    TRY(party_info(arena, header, "apu", mismatch, apu, err));
    TRY(party_info(arena, header, "apv", mismatch, apv, err));
    return json_dump(arena, epk, epk_json, err);
}

static rc unwrap_cek(const struct jwk_private *key, struct arena *arena,
                     const struct jwe_parts *parts, enum reason mismatch, uint8_t cek[CEK_BYTES],
                     struct err *err)
{
    struct slice epk_json, apu, apv;
    struct jwk_public *epk = NULL;
    TRY(read_header(arena, parts->field[0], mismatch, &epk_json, &apu, &apv, err));
    TRY(jwk_public_parse(epk_json, mismatch, &epk, err));
    TRY(arena_on_free(arena, jwk_public_free, epk, err));
    ENSURE(epk->kind == key->pub.kind, err, mismatch);
    uint8_t kek[32];
    rc result = derive_kek(key->pub.pkey, epk->pkey, apu, apv, kek, err);
    if (result.ok) {
        result = keywrap_unwrap(slice_of(kek, sizeof kek), parts->field[1], cek, mismatch, err);
    }
    mem_wipe(kek, sizeof kek);
    return result;
}

rc jwe_decrypt(const struct jwk_private *key, struct slice token, enum reason mismatch,
               struct secret **out, struct err *err)
{
    AUTO(arena_free_at) struct arena *arena = arena_new(DECRYPT_BUDGET);
    struct jwe_parts parts = {0};
    uint8_t cek[CEK_BYTES];
    TRY(split(arena, token, mismatch, &parts, err));
    TRY(unwrap_cek(key, arena, &parts, mismatch, cek, err));
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

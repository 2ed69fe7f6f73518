/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/cek_wrap.h"

#include <stdio.h>

#include <openssl/rsa.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/aead.h"
#include "crypto/crypto_internal.h"
#include "crypto/json.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"

enum { CEK_WRAPPED_BYTES = CEK_BYTES + 8 };

/* --- ECDH-ES and AES key wrap ----------------------------------------------------------------- */

static rc derive_kek(EVP_PKEY *own, EVP_PKEY *peer, struct slice apu, struct slice apv,
                     uint8_t kek[AEAD_KEY_BYTES], struct err *err)
{
    uint8_t shared[EC_FIELD_MAX];
    size_t len;
    TRY(ec_agree(own, peer, shared, &len, err));
    rc result = kdf_concat_sha256(slice_of(shared, len), CEK_WRAP_ECDH, apu, apv, kek, err);
    mem_wipe(shared, sizeof shared);
    return result;
}

static rc write_ecdh_header(const struct key_type *type, const EVP_PKEY *ephemeral,
                            struct wrapped_cek *out, struct err *err)
{
    char members[MEMBERS_MAX];
    TRY(type->write(type, ephemeral, members, err));
    int len =
        snprintf(out->header, sizeof out->header,
                 "{\"alg\":\"%s\",\"enc\":\"A256GCM\",\"epk\":{%s}}", type->wrap_alg, members);
    ENSURE(len > 0 && len < JWE_HEADER_MAX, err, R_INTERNAL);
    out->header_len = (size_t)len;
    return OK;
}

rc cek_wrap_ecdh(const struct jwk_public *to, const uint8_t cek[CEK_BYTES], struct wrapped_cek *out,
                 struct err *err)
{
    EVP_PKEY *ephemeral = NULL;
    uint8_t kek[AEAD_KEY_BYTES];
    TRY(ec_generate(to->type, &ephemeral, err));
    rc result = derive_kek(ephemeral, to->pkey, SLICE_NONE, SLICE_NONE, kek, err);
    if (result.ok) {
        result = keywrap_wrap(slice_of(kek, sizeof kek), slice_of(cek, CEK_BYTES), out->bytes, err);
    }
    if (result.ok) {
        out->len = CEK_WRAPPED_BYTES;
        result = write_ecdh_header(to->type, ephemeral, out, err);
    }
    EVP_PKEY_free(ephemeral);
    mem_wipe(kek, sizeof kek);
    return result;
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

/* The ephemeral key's JWK as text. */
static rc ephemeral_text(struct arena *arena, const json_t *header, enum reason mismatch,
                         struct slice *out, struct err *err)
{
    const json_t *epk = json_object_get(header, "epk");
    ENSURE(json_is_object(epk), err, mismatch);
    return json_dump(arena, epk, out, err);
}

/* What the header of such a JWE says. The arena frees epk. */
struct ecdh_header {
    struct jwk_public *epk;
    struct slice apu, apv;
};

static rc read_ecdh_header(struct arena *arena, const json_t *header, enum reason mismatch,
                           struct ecdh_header *out, struct err *err)
{
    struct slice json;
    TRY(ephemeral_text(arena, header, mismatch, &json, err));
    TRY(jwk_public_parse(json, mismatch, &out->epk, err));
    TRY(arena_on_free(arena, jwk_public_free, out->epk, err));
    TRY(party_info(arena, header, "apu", mismatch, &out->apu, err));
    return party_info(arena, header, "apv", mismatch, &out->apv, err);
}

rc cek_unwrap_ecdh(struct arena *arena, const struct jwk_private *key, const json_t *header,
                   struct slice wrapped, enum reason mismatch, uint8_t cek[CEK_BYTES],
                   struct err *err)
{
    struct ecdh_header read;
    uint8_t kek[AEAD_KEY_BYTES];
    ENSURE(wrapped.len == CEK_WRAPPED_BYTES, err, mismatch);
    TRY(read_ecdh_header(arena, header, mismatch, &read, err));
    ENSURE(read.epk->type == key->pub.type, err, mismatch);
    rc result = derive_kek(key->pub.pkey, read.epk->pkey, read.apu, read.apv, kek, err);
    if (result.ok) {
        result = keywrap_unwrap(slice_of(kek, sizeof kek), wrapped, cek, mismatch, err);
    }
    mem_wipe(kek, sizeof kek);
    return result;
}

rc cek_unwrap_agreed(struct arena *arena, jwe_agree agree, void *ctx, const json_t *header,
                     struct slice wrapped, enum reason mismatch, uint8_t cek[CEK_BYTES],
                     struct err *err)
{
    struct ecdh_header read;
    struct slice point;
    uint8_t shared[JWE_SHARED_MAX], kek[AEAD_KEY_BYTES];
    size_t len = 0;
    ENSURE(wrapped.len == CEK_WRAPPED_BYTES, err, mismatch);
    TRY(read_ecdh_header(arena, header, mismatch, &read, err));
    ENSURE(read.epk->type->field > 0, err, mismatch);
    TRY(ec_point(arena, read.epk, &point, err));
    TRY(agree(ctx, point, shared, &len, err));
    rc result =
        kdf_concat_sha256(slice_of(shared, len), CEK_WRAP_ECDH, read.apu, read.apv, kek, err);
    mem_wipe(shared, sizeof shared);
    if (result.ok) {
        result = keywrap_unwrap(slice_of(kek, sizeof kek), wrapped, cek, mismatch, err);
    }
    mem_wipe(kek, sizeof kek);
    return result;
}

/* --- RSA-OAEP-256 ----------------------------------------------------------------------------- */

rc cek_wrap_rsa(const struct jwk_public *to, const uint8_t cek[CEK_BYTES], struct wrapped_cek *out,
                struct err *err)
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
    int len = snprintf(out->header, sizeof out->header, "{\"alg\":\"%s\",\"enc\":\"A256GCM\"}",
                       to->type->wrap_alg);
    out->header_len = (size_t)len;
    return OK;
}

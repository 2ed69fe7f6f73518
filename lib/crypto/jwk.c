/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"
#include "crypto/hash.h"

enum { RSA_MODULUS_BYTES_MAX = JWK_RSA_BITS_MAX / 8, CANONICAL_MAX = 2048 };

void jwk_public_free(void *key)
{
    struct jwk_public *k = key;
    if (k != NULL) {
        EVP_PKEY_free(k->pkey);
        xfree(k->issuer);
        xfree(k);
    }
}

enum jwk_kind jwk_kind(const struct jwk_public *key)
{
    return key->kind;
}

struct slice jwk_thumbprint(const struct jwk_public *key)
{
    return slice_of(key->thumbprint, sizeof key->thumbprint);
}

const char *jwk_kid(const struct jwk_public *key)
{
    return key->kid;
}

const char *jwk_issuer(const struct jwk_public *key)
{
    return key->issuer == NULL ? "" : key->issuer;
}

bool jwk_may_verify(const struct jwk_public *key, enum jws_alg alg)
{
    if (!key->may_verify || (key->alg != JWS_NONE && key->alg != alg)) {
        return false;
    }
    switch (alg) {
    case JWS_RS256:
    case JWS_PS256:
        return key->kind == JWK_RSA;
    case JWS_ES256:
        return key->kind == JWK_EC_P256;
    case JWS_ES384:
        return key->kind == JWK_EC_P384;
    case JWS_EDDSA:
        return key->kind == JWK_ED25519;
    case JWS_NONE:
        break;
    }
    return false;
}

bool jwk_may_wrap(const struct jwk_public *key)
{
    return key->may_wrap && key->kind != JWK_ED25519;
}

/* --- canonical form ------------------------------------------------------------------------- */

static char *base64url_bn(struct arena *arena, const EVP_PKEY *pkey, const char *param)
{
    BIGNUM *bn = NULL;
    uint8_t bytes[RSA_MODULUS_BYTES_MAX];
    char *text = NULL;
    if (EVP_PKEY_get_bn_param(pkey, param, &bn) == 1 && BN_num_bytes(bn) <= (int)sizeof bytes) {
        int len = BN_bn2bin(bn, bytes);
        text = base64url_dup(arena, slice_of(bytes, (size_t)len));
    }
    BN_free(bn);
    openssl_errors_clear();
    return text;
}

/* The required members in lexical order, without braces (RFC 7638 §3.2); NULL over budget. */
static char *required_members(struct arena *arena, const struct jwk_public *key)
{
    if (key->kind == JWK_RSA) {
        const char *n = base64url_bn(arena, key->pkey, OSSL_PKEY_PARAM_RSA_N);
        const char *e = base64url_bn(arena, key->pkey, OSSL_PKEY_PARAM_RSA_E);
        return n == NULL || e == NULL
                   ? NULL
                   : arena_printf(arena, "\"e\":\"%s\",\"kty\":\"RSA\",\"n\":\"%s\"", e, n);
    }
    if (key->kind == JWK_ED25519) {
        uint8_t raw[32];
        size_t len = sizeof raw;
        const char *x = EVP_PKEY_get_raw_public_key(key->pkey, raw, &len) == 1
                            ? base64url_dup(arena, slice_of(raw, len))
                            : NULL;
        return x == NULL
                   ? NULL
                   : arena_printf(arena, "\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"", x);
    }
    struct ec_point p;
    if (!ec_point_of(key->pkey, key->kind, &p, NULL).ok) {
        return NULL;
    }
    const char *x = base64url_dup(arena, slice_of(p.x, p.field));
    const char *y = base64url_dup(arena, slice_of(p.y, p.field));
    const char *curve = key->kind == JWK_EC_P384 ? "P-384" : "P-256";
    return x == NULL || y == NULL
               ? NULL
               : arena_printf(arena, "\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"",
                              curve, x, y);
}

/* The thumbprint of an EC key, without an arena: this runs once per license. */
static rc thumbprint_ec(struct jwk_public *key, struct err *err)
{
    struct ec_point p;
    TRY(ec_point_of(key->pkey, key->kind, &p, err));
    char text[256];
    size_t n = (size_t)snprintf(text, sizeof text, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"",
                                key->kind == JWK_EC_P384 ? "P-384" : "P-256");
    n += base64url_encode(slice_of(p.x, p.field), text + n);
    memcpy(text + n, "\",\"y\":\"", 7);
    n += 7;
    n += base64url_encode(slice_of(p.y, p.field), text + n);
    memcpy(text + n, "\"}", 2);
    return hash_sha256(slice_of(text, n + 2), key->thumbprint, err);
}

rc jwk_finish(struct jwk_public *key, struct err *err)
{
    if (key->kind == JWK_EC_P256 || key->kind == JWK_EC_P384) {
        return thumbprint_ec(key, err);
    }
    AUTO(arena_free_at) struct arena *arena = arena_new(4 * CANONICAL_MAX);
    const char *members = required_members(arena, key);
    const char *json = members == NULL ? NULL : arena_printf(arena, "{%s}", members);
    ENSURE(json != NULL, err, R_CRYPTO_FAILED);
    return hash_sha256(slice_str(json), key->thumbprint, err);
}

char *jwk_public_json(struct arena *arena, const struct jwk_public *key, const char *use,
                      const char *alg)
{
    const char *members = required_members(arena, key);
    const char *kid = base64url_dup(arena, jwk_thumbprint(key));
    if (members == NULL || kid == NULL) {
        return NULL;
    }
    return arena_printf(arena, "{%s,\"kid\":\"%s\"%s%s%s%s%s%s}", members, kid,
                        use == NULL ? "" : ",\"use\":\"", use == NULL ? "" : use,
                        use == NULL ? "" : "\"", alg == NULL ? "" : ",\"alg\":\"",
                        alg == NULL ? "" : alg, alg == NULL ? "" : "\"");
}

/* --- private keys --------------------------------------------------------------------------- */

/* Wrap a pkey (taken) as a private key of ours; only the two curves. */
static rc private_from_pkey(EVP_PKEY *pkey, struct jwk_private **out, struct err *err)
{
    char group[32] = "";
    struct jwk_private *key = xcalloc(1, sizeof *key);
    key->pub.pkey = pkey;
    key->pub.may_verify = true;
    key->pub.may_wrap = true;
    bool ok = pkey != NULL && EVP_PKEY_is_a(pkey, "EC") == 1 &&
              EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1;
    bool p256 = strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0;
    bool p384 = strcmp(group, "secp384r1") == 0 || strcmp(group, "P-384") == 0;
    key->pub.kind = p384 ? JWK_EC_P384 : JWK_EC_P256;
    openssl_errors_clear();
    if (!ok || (!p256 && !p384)) {
        jwk_private_free(key);
        FAIL(err, R_CRYPTO_FAILED, "no private key on P-256 or P-384");
    }
    rc done = jwk_finish(&key->pub, err);
    if (!done.ok) {
        jwk_private_free(key);
        return done;
    }
    base64url_encode(jwk_thumbprint(&key->pub), key->pub.kid);
    *out = key;
    return OK;
}

rc jwk_private_generate(enum jwk_kind kind, struct jwk_private **out, struct err *err)
{
    EVP_PKEY *pkey = NULL;
    TRY(ec_generate(kind, &pkey, err));
    return private_from_pkey(pkey, out, err);
}

/* Encode the private half; DER for wrapping, PEM for files. */
static rc encode_private(const struct jwk_private *key, const char *format, struct secret **out,
                         struct err *err)
{
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(key->pub.pkey, EVP_PKEY_KEYPAIR, format,
                                                          "PrivateKeyInfo", algs()->properties);
    unsigned char *bytes = NULL;
    size_t len = 0;
    bool ok = ctx != NULL && OSSL_ENCODER_to_data(ctx, &bytes, &len) == 1;
    OSSL_ENCODER_CTX_free(ctx);
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    *out = secret_copy(slice_of(bytes, len));
    OPENSSL_clear_free(bytes, len);
    return OK;
}

static rc decode_private(const struct secret *bytes, const char *format, struct jwk_private **out,
                         struct err *err)
{
    EVP_PKEY *pkey = NULL;
    OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
        &pkey, format, NULL, "EC", EVP_PKEY_KEYPAIR, NULL, algs()->properties);
    struct slice data = secret_use(bytes);
    const unsigned char *at = data.ptr;
    size_t left = data.len;
    bool ok = ctx != NULL && OSSL_DECODER_from_data(ctx, &at, &left) == 1;
    OSSL_DECODER_CTX_free(ctx);
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    return private_from_pkey(pkey, out, err);
}

rc jwk_private_export(const struct jwk_private *key, struct secret **out, struct err *err)
{
    return encode_private(key, "DER", out, err);
}

rc jwk_private_import(const struct secret *der, struct jwk_private **out, struct err *err)
{
    return decode_private(der, "DER", out, err);
}

rc jwk_private_from_pem(const struct secret *pem, struct jwk_private **out, struct err *err)
{
    return decode_private(pem, "PEM", out, err);
}

rc jwk_private_to_pem(const struct jwk_private *key, struct secret **out, struct err *err)
{
    return encode_private(key, "PEM", out, err);
}

const struct jwk_public *jwk_private_public(const struct jwk_private *key)
{
    return &key->pub;
}

void jwk_private_free(void *key)
{
    struct jwk_private *k = key;
    if (k != NULL) {
        EVP_PKEY_free(k->pub.pkey);
        xfree(k);
    }
}

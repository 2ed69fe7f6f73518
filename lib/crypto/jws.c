/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jws.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"
#include "crypto/json.h"

enum {
    HEADER_BYTES_MAX = 4096,
    DER_SIGNATURE_MAX = 2 * (48 + 3) + 6, /* two INTEGERs with a sign byte, and the SEQUENCE */
};

/* What each algorithm is (RFC 7518 §3.1, RFC 8037 §3.1). */
static const struct algorithm {
    const char *name;
    const char *digest; /* by OpenSSL's name; NULL: the scheme has its own */
    size_t bytes;       /* of a signature; 0: as many as the modulus */
    enum jwk_kind kind; /* of keys */
    bool is_ecdsa;      /* r and s side by side on the wire (RFC 7518 §3.4), DER in OpenSSL */
    bool is_pss;        /* RFC 7518 §3.5 */
} algorithms[] = {
    [JWS_NONE] = {.name = "none"},
    [JWS_RS256] = {.name = "RS256", .kind = JWK_RSA, .digest = "SHA2-256"},
    [JWS_PS256] = {.name = "PS256", .kind = JWK_RSA, .digest = "SHA2-256", .is_pss = true},
    [JWS_ES256] =
        {.name = "ES256", .kind = JWK_EC_P256, .digest = "SHA2-256", .bytes = 64, .is_ecdsa = true},
    [JWS_ES384] =
        {.name = "ES384", .kind = JWK_EC_P384, .digest = "SHA2-384", .bytes = 96, .is_ecdsa = true},
    [JWS_EDDSA] = {.name = "EdDSA", .kind = JWK_ED25519, .bytes = 64},
};
enum {
    ALGORITHMS = sizeof algorithms / sizeof algorithms[0],
    SIGNATURE_MAX = JWK_RSA_BITS_MAX / 8
};

enum jws_alg jws_alg_parse(struct slice name)
{
    for (size_t i = JWS_NONE + 1; i < ALGORITHMS; i++) {
        if (slice_eq_str(name, algorithms[i].name)) {
            return (enum jws_alg)i;
        }
    }
    return JWS_NONE;
}

const char *jws_alg_name(enum jws_alg alg)
{
    return algorithms[alg].name;
}

bool jws_alg_fits(enum jws_alg alg, enum jwk_kind kind)
{
    return alg != JWS_NONE && algorithms[alg].kind == kind;
}

/* --- parsing -------------------------------------------------------------------------------- */

/* Split at exactly two dots. */
static rc split(struct slice token, enum reason malformed, struct slice parts[3], struct err *err)
{
    ptrdiff_t first = slice_find(token, '.');
    ENSURE(first > 0, err, malformed);
    struct slice rest = slice_cut(token, (size_t)first + 1, token.len);
    ptrdiff_t second = slice_find(rest, '.');
    ENSURE(second >= 0, err, malformed);
    parts[0] = slice_cut(token, 0, (size_t)first);
    parts[1] = slice_cut(rest, 0, (size_t)second);
    parts[2] = slice_cut(rest, (size_t)second + 1, rest.len);
    ENSURE(slice_find(parts[2], '.') < 0, err, malformed);
    return OK;
}

static rc decode(struct arena *arena, struct slice text, enum reason malformed, struct slice *out,
                 struct err *err)
{
    if (!base64url_decode(arena, text, out, err).ok) {
        FAIL(err, err_is(err, R_ARENA_EXHAUSTED) ? R_ARENA_EXHAUSTED : malformed, "not base64url");
    }
    return OK;
}

static rc parse_header(struct arena *arena, size_t max, enum reason malformed, struct jws *out,
                       struct err *err)
{
    json_t *json;
    struct slice alg;
    TRY(json_parse_object(arena, out->header, max, malformed, &json, err));
    /* RFC 7515 §4.1.11: an extension that must be understood is refused, for we know none. */
    ENSURE(json_object_get(json, "crit") == NULL, err, malformed);
    ENSURE(json_object_get(json, "b64") == NULL, err, malformed);
    ENSURE(json_object_get(json, "zip") == NULL, err, malformed);
    ENSURE(json_object_get(json, "enc") == NULL, err, malformed); /* a JWE in JWS clothes */
    TRY(json_need_text(json, "alg", malformed, &alg, err));
    TRY(json_get_text(json, "kid", malformed, &out->kid, err));
    TRY(json_get_text(json, "typ", malformed, &out->typ, err));
    out->alg = jws_alg_parse(alg);
    ENSURE(out->alg != JWS_NONE, err, R_TOKEN_ALGORITHM);
    return OK;
}

rc jws_parse(struct arena *arena, struct slice token, enum reason malformed, struct jws *out,
             struct err *err)
{
    return jws_parse_long(arena, token, HEADER_BYTES_MAX, malformed, out, err);
}

rc jws_parse_long(struct arena *arena, struct slice token, size_t header_max, enum reason malformed,
                  struct jws *out, struct err *err)
{
    struct slice parts[3];
    TRY(split(token, malformed, parts, err));
    TRY(decode(arena, parts[0], malformed, &out->header, err));
    TRY(parse_header(arena, header_max, malformed, out, err));
    TRY(decode(arena, parts[1], malformed, &out->payload, err));
    TRY(decode(arena, parts[2], malformed, &out->signature, err));
    out->signed_ = slice_cut(token, 0, parts[0].len + 1 + parts[1].len);
    return OK;
}

/* --- verifying ------------------------------------------------------------------------------ */

/* r || s as RFC 7518 §3.4 has it → the DER that EVP wants. The raw length was checked. */
static int signature_to_der(struct slice raw, uint8_t out[DER_SIGNATURE_MAX])
{
    size_t half = raw.len / 2;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.ptr, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(raw.ptr + half, (int)half, NULL);
    int len = -1;
    if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return -1;
    }
    if (i2d_ECDSA_SIG(sig, NULL) <= DER_SIGNATURE_MAX) {
        uint8_t *at = out;
        len = i2d_ECDSA_SIG(sig, &at);
    }
    ECDSA_SIG_free(sig);
    return len;
}

static bool set_pss(EVP_PKEY_CTX *pctx)
{
    /* RFC 7518 §3.5: MGF1 with SHA-256, salt as long as the hash. */
    return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* Bytes of a signature on the wire. */
static size_t signature_bytes(const struct algorithm *algorithm, const EVP_PKEY *pkey)
{
    return algorithm->bytes != 0 ? algorithm->bytes : (size_t)EVP_PKEY_get_size(pkey);
}

static bool verify_with(EVP_PKEY *pkey, const struct algorithm *algorithm, struct slice data,
                        struct slice signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    bool ok = ctx != NULL &&
              EVP_DigestVerifyInit_ex(ctx, &pctx, algorithm->digest, NULL, algs()->properties, pkey,
                                      NULL) == 1 &&
              (!algorithm->is_pss || set_pss(pctx)) &&
              EVP_DigestVerify(ctx, signature.ptr, signature.len, data.ptr, data.len) == 1;
    EVP_MD_CTX_free(ctx);
    openssl_errors_clear();
    return ok;
}

rc jws_verify(const struct jws *jws, const struct jwk_public *key, enum reason mismatch,
              struct err *err)
{
    ENSURE(jwk_may_verify(key, jws->alg), err, mismatch);
    const struct algorithm *algorithm = &algorithms[jws->alg];
    ENSURE(jws->signature.len == signature_bytes(algorithm, key->pkey), err, mismatch);
    uint8_t der[DER_SIGNATURE_MAX];
    struct slice signature = jws->signature;
    if (algorithm->is_ecdsa) {
        int len = signature_to_der(jws->signature, der);
        ENSURE(len > 0, err, mismatch);
        signature = slice_of(der, (size_t)len);
    }
    ENSURE(verify_with(key->pkey, algorithm, jws->signed_, signature), err, mismatch);
    return OK;
}

/* --- signing -------------------------------------------------------------------------------- */

EVP_MD_CTX *jws_prepare(EVP_PKEY *pkey, enum jws_alg alg)
{
    const struct algorithm *algorithm = &algorithms[alg];
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    bool ok = ctx != NULL &&
              EVP_DigestSignInit_ex(ctx, &pctx, algorithm->digest, NULL, algs()->properties, pkey,
                                    NULL) == 1 &&
              (!algorithm->is_pss || set_pss(pctx));
    openssl_errors_clear();
    if (!ok) {
        EVP_MD_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

/* How to sign. Borrows. */
struct signer {
    const EVP_MD_CTX *prepared; /* by jws_prepare */
    const struct algorithm *algorithm;
    size_t bytes; /* of a signature on the wire */
};

/* A signature as OpenSSL makes it, of at most *len bytes. */
static bool digest_sign(const struct signer *signer, struct slice data, uint8_t *out, size_t *len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL && EVP_MD_CTX_copy_ex(ctx, signer->prepared) == 1 &&
              EVP_DigestSign(ctx, out, len, data.ptr, data.len) == 1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

/* DER → r || s. */
static bool signature_to_raw(const uint8_t *der, size_t len, uint8_t *out, int half)
{
    const uint8_t *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool ok = sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, half) == half &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, half) == half;
    ECDSA_SIG_free(sig);
    return ok;
}

static rc sign_raw(const struct signer *signer, struct slice data, uint8_t out[SIGNATURE_MAX],
                   struct err *err)
{
    const struct algorithm *algorithm = signer->algorithm;
    /* Zeros, which are not a signature: OpenSSL 3.0 reports success, and writes nothing, when it has no memory to
     * encode one. */
    uint8_t der[DER_SIGNATURE_MAX] = {0};
    size_t len = algorithm->is_ecdsa ? sizeof der : SIGNATURE_MAX;
    bool ok = digest_sign(signer, data, algorithm->is_ecdsa ? der : out, &len);
    if (ok && algorithm->is_ecdsa) {
        ok = signature_to_raw(der, len, out, (int)algorithm->bytes / 2);
    }
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    return OK;
}

static rc sign_token(struct arena *arena, const struct signer *signer, struct slice header,
                     struct slice payload, struct slice *out, struct err *err)
{
    size_t bytes = signer->bytes;
    size_t total = base64url_length(header.len) + 1 + base64url_length(payload.len) + 1 +
                   base64url_length(bytes);
    char *token = arena_alloc(arena, total + 1);
    ARENA_ENSURE(token, err);
    ENSURE(bytes <= SIGNATURE_MAX, err, R_CRYPTO_FAILED);
    size_t n = base64url_encode(header, token);
    token[n++] = '.';
    n += base64url_encode(payload, token + n);
    uint8_t raw[SIGNATURE_MAX];
    TRY(sign_raw(signer, slice_of(token, n), raw, err));
    token[n++] = '.';
    n += base64url_encode(slice_of(raw, bytes), token + n);
    token[n] = '\0';
    *out = slice_of(token, n);
    return OK;
}

static struct signer signer_of(const EVP_MD_CTX *prepared, const EVP_PKEY *pkey, enum jws_alg alg)
{
    const struct algorithm *algorithm = &algorithms[alg];
    return (struct signer){
        .prepared = prepared, .algorithm = algorithm, .bytes = signature_bytes(algorithm, pkey)};
}

rc jws_sign_with_pkey(struct arena *arena, EVP_PKEY *pkey, enum jws_alg alg, struct slice header,
                      struct slice payload, struct slice *out, struct err *err)
{
    EVP_MD_CTX *prepared = jws_prepare(pkey, alg);
    struct signer signer = signer_of(prepared, pkey, alg);
    ENSURE(prepared != NULL, err, R_CRYPTO_FAILED);
    rc signed_ = sign_token(arena, &signer, header, payload, out, err);
    EVP_MD_CTX_free(prepared);
    return signed_;
}

/* Our private keys are ECDSA's. */
static enum jws_alg alg_of(const struct jwk_private *key)
{
    enum jws_alg alg = key->pub.type->signs;
    CH_ASSERT(algorithms[alg].is_ecdsa);
    return alg;
}

rc jws_sign(struct arena *arena, const struct jwk_private *key, const char *typ,
            struct slice payload, struct slice *out, struct err *err)
{
    char header[512];
    int len = snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\"%s%s%s}",
                       jws_alg_name(alg_of(key)), key->pub.kid, typ == NULL ? "" : ",\"typ\":\"",
                       typ == NULL ? "" : typ, typ == NULL ? "" : "\"");
    ENSURE(len > 0 && len < (int)sizeof header, err, R_INTERNAL);
    struct signer signer = signer_of(key->signing, key->pub.pkey, alg_of(key));
    return sign_token(arena, &signer, slice_of(header, (size_t)len), payload, out, err);
}

rc jws_sign_with_jwk(struct arena *arena, const struct jwk_private *key, const char *typ,
                     struct slice payload, struct slice *out, struct err *err)
{
    const char *jwk = jwk_public_json(arena, &key->pub, NULL, NULL);
    const char *header = jwk == NULL
                             ? NULL
                             : arena_printf(arena, "{\"alg\":\"%s\",\"jwk\":%s,\"typ\":\"%s\"}",
                                            jws_alg_name(alg_of(key)), jwk, typ);
    ARENA_ENSURE(header, err);
    struct signer signer = signer_of(key->signing, key->pub.pkey, alg_of(key));
    return sign_token(arena, &signer, slice_str(header), payload, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk.h"

#include <string.h>

#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"
#include "crypto/hash.h"

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
    return key->type->kind;
}

int jwk_bits(const struct jwk_public *key)
{
    return EVP_PKEY_get_bits(key->pkey);
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
    bool is_meant = key->alg == JWS_NONE || key->alg == alg;
    return key->may_verify && is_meant && jws_alg_fits(alg, key->type->kind);
}

bool jwk_may_wrap(const struct jwk_public *key)
{
    return key->may_wrap && key->type->wrap != NULL;
}

/* --- canonical form ------------------------------------------------------------------------- */

rc jwk_set_thumbprint(struct jwk_public *key, struct err *err)
{
    char json[MEMBERS_MAX + 2] = "{"; /* without an arena: this runs once per license */
    TRY(key->type->write(key->type, key->pkey, json + 1, err));
    size_t len = strlen(json);
    json[len] = '}';
    return hash_sha256(slice_of(json, len + 1), key->thumbprint, err);
}

char *jwk_public_json(struct arena *arena, const struct jwk_public *key, const char *use,
                      const char *alg)
{
    char members[MEMBERS_MAX];
    const char *kid = base64url_dup(arena, jwk_thumbprint(key));
    if (kid == NULL || !key->type->write(key->type, key->pkey, members, NULL).ok) {
        return NULL;
    }
    return arena_printf(arena, "{%s,\"kid\":\"%s\"%s%s%s%s%s%s}", members, kid,
                        use == NULL ? "" : ",\"use\":\"", use == NULL ? "" : use,
                        use == NULL ? "" : "\"", alg == NULL ? "" : ",\"alg\":\"",
                        alg == NULL ? "" : alg, alg == NULL ? "" : "\"");
}

/* --- private keys --------------------------------------------------------------------------- */

static const struct key_type *type_of_private(const EVP_PKEY *pkey)
{
    char group[32] = "";
    bool ok = EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1;
    openssl_errors_clear();
    return ok ? key_type_of_group(group) : NULL;
}

static rc complete(struct jwk_private *key, struct err *err)
{
    TRY(jwk_set_thumbprint(&key->pub, err));
    key->signing = jws_prepare(key->pub.pkey, key->pub.type->signs);
    ENSURE(key->signing != NULL, err, R_CRYPTO_FAILED);
    return OK;
}

rc jwk_private_of(EVP_PKEY *pkey, struct jwk_private **out, struct err *err)
{
    const struct key_type *type = type_of_private(pkey);
    if (type == NULL) {
        EVP_PKEY_free(pkey);
        FAIL(err, R_CRYPTO_FAILED, "no private key of a kind that we make");
    }
    struct jwk_private *key = xcalloc(1, sizeof *key);
    *key = (struct jwk_private){
        .pub = {.type = type, .pkey = pkey, .may_verify = true, .may_wrap = true}};
    rc done = complete(key, err);
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
    TRY(ec_generate(key_type_of(kind), &pkey, err));
    return jwk_private_of(pkey, out, err);
}

rc pkey_encode(const EVP_PKEY *pkey, const char *format, struct secret **out, struct err *err)
{
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(pkey, EVP_PKEY_KEYPAIR, format,
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

rc pkey_decode(const char *type, const struct secret *bytes, const char *format, EVP_PKEY **out,
               struct err *err)
{
    EVP_PKEY *pkey = NULL;
    OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
        &pkey, format, NULL, type, EVP_PKEY_KEYPAIR, NULL, algs()->properties);
    struct slice data = secret_use(bytes);
    const unsigned char *at = data.ptr;
    size_t left = data.len;
    bool ok = ctx != NULL && OSSL_DECODER_from_data(ctx, &at, &left) == 1;
    OSSL_DECODER_CTX_free(ctx);
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    *out = pkey;
    return OK;
}

static rc import(const struct secret *bytes, const char *format, struct jwk_private **out,
                 struct err *err)
{
    EVP_PKEY *pkey = NULL;
    TRY(pkey_decode("EC", bytes, format, &pkey, err));
    return jwk_private_of(pkey, out, err);
}

rc jwk_private_export(const struct jwk_private *key, struct secret **out, struct err *err)
{
    return pkey_encode(key->pub.pkey, "DER", out, err);
}

rc jwk_private_import(const struct secret *der, struct jwk_private **out, struct err *err)
{
    return import(der, "DER", out, err);
}

rc jwk_private_from_pem(const struct secret *pem, struct jwk_private **out, struct err *err)
{
    return import(pem, "PEM", out, err);
}

rc jwk_private_to_pem(const struct jwk_private *key, struct secret **out, struct err *err)
{
    return pkey_encode(key->pub.pkey, "PEM", out, err);
}

const struct jwk_public *jwk_private_public(const struct jwk_private *key)
{
    return &key->pub;
}

void jwk_private_free(void *key)
{
    struct jwk_private *k = key;
    if (k != NULL) {
        EVP_MD_CTX_free(k->signing);
        EVP_PKEY_free(k->pub.pkey);
        xfree(k);
    }
}

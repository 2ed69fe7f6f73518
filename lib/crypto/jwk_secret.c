/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk_secret.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/crypto_internal.h"
#include "crypto/hash.h"
#include "crypto/json.h"

enum { SYMMETRIC_BYTES = 32, TEXT_MAX = 2 * EC_FIELD_MAX };

/* --- writing ---------------------------------------------------------------------------------- */

/* The private number in base64url, as long as the curve's order (RFC 7518 §6.2.2.1), which has the length of a
 * coordinate on our curves. */
static bool write_number(const struct jwk_private *key, char out[TEXT_MAX])
{
    BIGNUM *number = NULL;
    uint8_t bytes[EC_FIELD_MAX];
    size_t len = key->pub.type->field;
    bool ok = EVP_PKEY_get_bn_param(key->pub.pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 &&
              BN_bn2binpad(number, bytes, (int)len) == (int)len;
    if (ok) {
        out[base64url_encode(slice_of(bytes, len), out)] = '\0';
    }
    BN_clear_free(number);
    mem_wipe(bytes, sizeof bytes);
    openssl_errors_clear();
    return ok;
}

rc jwk_private_members(const struct jwk_private *key, char out[JWK_SECRET_TEXT_MAX],
                       struct err *err)
{
    char members[MEMBERS_MAX], number[TEXT_MAX];
    TRY(key->pub.type->write(key->pub.type, key->pub.pkey, members, err));
    ENSURE(write_number(key, number), err, R_CRYPTO_FAILED);
    int len = snprintf(out, JWK_SECRET_TEXT_MAX, "%s,\"d\":\"%s\"", members, number);
    mem_wipe(number, sizeof number);
    ENSURE(len > 0 && len < JWK_SECRET_TEXT_MAX, err, R_INTERNAL);
    return OK;
}

rc jwk_symmetric_members(const struct secret *key, char out[JWK_SECRET_TEXT_MAX], struct err *err)
{
    char text[TEXT_MAX];
    ENSURE(secret_len(key) == SYMMETRIC_BYTES, err, R_INTERNAL);
    text[base64url_encode(secret_use(key), text)] = '\0';
    (void)snprintf(out, JWK_SECRET_TEXT_MAX, "\"k\":\"%s\",\"kty\":\"oct\"", text);
    mem_wipe(text, sizeof text);
    return OK;
}

rc jwk_symmetric_thumbprint(const struct secret *key, char out[JWK_THUMBPRINT_TEXT],
                            struct err *err)
{
    char json[JWK_SECRET_TEXT_MAX] = "{";
    uint8_t digest[JWK_THUMBPRINT_BYTES];
    char members[JWK_SECRET_TEXT_MAX];
    TRY(jwk_symmetric_members(key, members, err));
    int len = snprintf(json, sizeof json, "{%s}", members);
    rc result = hash_sha256(slice_of(json, (size_t)len), digest, err);
    mem_wipe(json, sizeof json);
    mem_wipe(members, sizeof members);
    TRY(result);
    out[base64url_encode(slice_of(digest, sizeof digest), out)] = '\0';
    return OK;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* A member of exactly so many bytes. */
static rc read_bytes(const json_t *jwk, const char *name, size_t len, enum reason invalid,
                     uint8_t *out, struct err *err)
{
    struct slice text;
    size_t got = 0;
    TRY(json_need_text(jwk, name, invalid, &text, err));
    if (!base64url_decode_to(text, out, len, &got, NULL).ok || got != len) {
        mem_wipe(out, len);
        FAIL(err, invalid, "%s is not %zu bytes", name, len);
    }
    return OK;
}

static bool are_of_each_other(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, algs()->properties);
    bool ok = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* The public half with this number as its private one; NULL when it is of another. */
static EVP_PKEY *join(const struct key_type *type, const EVP_PKEY *pub, const BIGNUM *number)
{
    uint8_t point[1 + 2 * EC_FIELD_MAX];
    size_t len = 0;
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", algs()->properties);
    bool ok =
        builder != NULL && ctx != NULL &&
        EVP_PKEY_get_octet_string_param(pub, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len) ==
            1 &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, type->group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, len) == 1 &&
        OSSL_PARAM_BLD_push_BN_pad(builder, OSSL_PKEY_PARAM_PRIV_KEY, number, type->field) == 1 &&
        (params = OSSL_PARAM_BLD_to_param(builder)) != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1 && are_of_each_other(pkey);
    if (!ok) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_BLD_free(builder);
    OSSL_PARAM_free(params);
    openssl_errors_clear();
    return pkey;
}

static rc read_public(struct arena *arena, const json_t *jwk, enum reason invalid,
                      const struct key_type **type, EVP_PKEY **out, struct err *err)
{
    struct slice kty, crv;
    TRY(json_need_text(jwk, "kty", invalid, &kty, err));
    TRY(json_need_text(jwk, "crv", invalid, &crv, err));
    *type = key_type_find(kty, crv);
    ENSURE(*type != NULL && (*type)->group != NULL, err, invalid);
    return (*type)->read(arena, *type, jwk, invalid, out, err);
}

rc jwk_private_read(struct arena *arena, const json_t *jwk, enum reason invalid,
                    struct jwk_private **out, struct err *err)
{
    const struct key_type *type;
    uint8_t bytes[EC_FIELD_MAX];
    EVP_PKEY *pub = NULL;
    TRY(read_public(arena, jwk, invalid, &type, &pub, err));
    rc result = read_bytes(jwk, "d", type->field, invalid, bytes, err);
    BIGNUM *number = result.ok ? BN_secure_new() : NULL;
    EVP_PKEY *pkey = number != NULL && BN_bin2bn(bytes, (int)type->field, number) != NULL
                         ? join(type, pub, number)
                         : NULL;
    BN_clear_free(number);
    mem_wipe(bytes, sizeof bytes);
    EVP_PKEY_free(pub);
    TRY(result);
    ENSURE(pkey != NULL, err, invalid);
    return jwk_private_of(pkey, out, err);
}

rc jwk_symmetric_read(const json_t *jwk, enum reason invalid, struct secret **out, struct err *err)
{
    struct slice kty;
    TRY(json_need_text(jwk, "kty", invalid, &kty, err));
    ENSURE(slice_eq_str(kty, "oct"), err, invalid);
    AUTO(secret_free_at) struct secret *key = secret_new(SYMMETRIC_BYTES);
    TRY(read_bytes(jwk, "k", SYMMETRIC_BYTES, invalid, secret_bytes(key), err));
    *out = key;
    key = NULL;
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of elliptic curves in the form of NIST's (RFC 7518 §6.2). */
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/encode.h"
#include "crypto/crypto_internal.h"
#include "crypto/json.h"

enum {
    POINT_BYTES_MAX = 1 + 2 * EC_FIELD_MAX,
    UNCOMPRESSED = 0x04,
    GROUP_MAX = 32,
    P256_FIELD = 32
};

rc ec_point(struct arena *arena, const struct jwk_public *key, struct slice *out, struct err *err)
{
    uint8_t point[POINT_BYTES_MAX];
    size_t len = 0;
    bool ok = EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_PUB_KEY, point,
                                              sizeof point, &len) == 1;
    openssl_errors_clear();
    ENSURE(ok && len == 1 + 2 * key->type->field && point[0] == UNCOMPRESSED, err, R_CRYPTO_FAILED);
    return arena_dup_slice(arena, slice_of(point, len), out, err);
}

rc jwk_public_of_point(struct arena *arena, struct slice point, enum reason invalid,
                       struct jwk_public **out, struct err *err)
{
    size_t field = point.len == 1 + 2 * P256_FIELD     ? P256_FIELD
                   : point.len == 1 + 2 * EC_FIELD_MAX ? EC_FIELD_MAX
                                                       : 0;
    ENSURE(field > 0 && point.ptr[0] == UNCOMPRESSED, err, invalid);
    const char *x = base64url_dup(arena, slice_cut(point, 1, 1 + field));
    const char *y = base64url_dup(arena, slice_cut(point, 1 + field, point.len));
    ARENA_ENSURE(x, err);
    ARENA_ENSURE(y, err);
    const char *json =
        arena_printf(arena, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
                     field == P256_FIELD ? "P-256" : "P-384", x, y);
    ARENA_ENSURE(json, err);
    return jwk_public_parse(slice_str(json), invalid, out, err);
}

rc ec_write(const struct key_type *type, const EVP_PKEY *pkey, char out[MEMBERS_MAX],
            struct err *err)
{
    uint8_t point[POINT_BYTES_MAX];
    char x[2 * EC_FIELD_MAX], y[2 * EC_FIELD_MAX]; /* base64url is shorter */
    size_t len = 0;
    bool ok = EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                              &len) == 1;
    openssl_errors_clear();
    ENSURE(ok && len == 1 + 2 * type->field && point[0] == UNCOMPRESSED, err, R_CRYPTO_FAILED);
    x[base64url_encode(slice_of(point + 1, type->field), x)] = '\0';
    y[base64url_encode(slice_of(point + 1 + type->field, type->field), y)] = '\0';
    snprintf(out, MEMBERS_MAX, "\"crv\":\"%s\",\"kty\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"", type->crv,
             type->kty, x, y);
    return OK;
}

rc ec_read(struct arena *arena, const struct key_type *type, const json_t *jwk, enum reason invalid,
           EVP_PKEY **out, struct err *err)
{
    struct slice x, y;
    uint8_t point[POINT_BYTES_MAX] = {UNCOMPRESSED};
    char group[GROUP_MAX];
    TRY(jwk_decode_member(arena, jwk, "x", invalid, &x, err));
    TRY(jwk_decode_member(arena, jwk, "y", invalid, &y, err));
    /* RFC 7518 §6.2.1.2: exactly the size of a coordinate. */
    ENSURE(x.len == type->field && y.len == type->field, err, invalid);
    memcpy(point + 1, x.ptr, x.len);
    memcpy(point + 1 + x.len, y.ptr, y.len);
    snprintf(group, sizeof group, "%s", type->group);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * type->field),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", algs()->properties);
    EVP_PKEY *pkey = NULL;
    /* fromdata decodes the point and refuses one that is off the curve or at infinity; the curves
     * have cofactor 1, so no further check of the order is needed (SP 800-56A §5.6.2.3.4). */
    bool ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
              EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(ctx);
    openssl_errors_clear();
    if (!ok) {
        FAIL(err, invalid, "the point is not on %s", type->crv);
    }
    *out = pkey;
    return OK;
}

rc ec_generate(const struct key_type *type, EVP_PKEY **out, struct err *err)
{
    EVP_PKEY *pkey = NULL;
    bool ok = EVP_PKEY_generate(algs_contexts()->generators[type->kind], &pkey) == 1;
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    *out = pkey;
    return OK;
}

rc ec_agree(EVP_PKEY *own, EVP_PKEY *peer, uint8_t out[EC_FIELD_MAX], size_t *len_out,
            struct err *err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, algs()->properties);
    size_t len = EC_FIELD_MAX;
    /* The peer's point was checked when the key was parsed: don't pay for it again. */
    bool ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
              EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
              EVP_PKEY_derive(ctx, out, &len) == 1;
    EVP_PKEY_CTX_free(ctx);
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    *len_out = len;
    return OK;
}

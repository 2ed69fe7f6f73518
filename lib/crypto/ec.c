/* SPDX-License-Identifier: Apache-2.0 */
/* Elliptic-curve keys as OpenSSL handles: P-256 and P-384 only. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "crypto/crypto_internal.h"

enum { POINT_BYTES_MAX = 1 + 2 * 48, UNCOMPRESSED = 0x04 };

static size_t field_bytes(enum jwk_kind kind)
{
    return kind == JWK_EC_P384 ? 48 : 32;
}

rc ec_point_of(const EVP_PKEY *pkey, enum jwk_kind kind, struct ec_point *out, struct err *err)
{
    uint8_t point[POINT_BYTES_MAX];
    size_t len = 0;
    size_t field = field_bytes(kind);
    bool ok = EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                              &len) == 1;
    openssl_errors_clear();
    ENSURE(ok && len == 1 + 2 * field && point[0] == UNCOMPRESSED, err, R_CRYPTO_FAILED);
    out->field = field;
    memcpy(out->x, point + 1, field);
    memcpy(out->y, point + 1 + field, field);
    return OK;
}

rc ec_public_from_point(enum jwk_kind kind, struct slice x, struct slice y, EVP_PKEY **out,
                        struct err *err)
{
    size_t field = field_bytes(kind);
    /* RFC 7518 §6.2.1.2: exactly the size of a coordinate. */
    ENSURE(x.len == field && y.len == field, err, R_CLIENT_KEY_INVALID);
    uint8_t point[POINT_BYTES_MAX] = {UNCOMPRESSED};
    memcpy(point + 1, x.ptr, field);
    memcpy(point + 1 + field, y.ptr, field);
    char curve[] = "P-256";
    if (kind == JWK_EC_P384) {
        memcpy(curve, "P-384", sizeof curve);
    }
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * field),
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
    ENSURE(ok, err, R_CLIENT_KEY_INVALID);
    *out = pkey;
    return OK;
}

rc ec_generate(enum jwk_kind kind, EVP_PKEY **out, struct err *err)
{
    EVP_PKEY_CTX *ctx = kind == JWK_EC_P384 ? algs()->keygen_p384 : algs()->keygen_p256;
    EVP_PKEY *pkey = NULL;
    bool ok = EVP_PKEY_generate(ctx, &pkey) == 1;
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    *out = pkey;
    return OK;
}

rc ec_agree(EVP_PKEY *own, EVP_PKEY *peer, uint8_t out[48], size_t *len_out, struct err *err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, algs()->properties);
    size_t len = 48;
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

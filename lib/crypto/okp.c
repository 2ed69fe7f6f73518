/* SPDX-License-Identifier: Apache-2.0 */
/* Octet key pairs (RFC 8037): Ed25519, for checking signatures only. */
#include <stdio.h>

#include "base/encode.h"
#include "crypto/crypto_internal.h"

enum { RAW_BYTES = 32 };

rc okp_read(struct arena *arena, const struct key_type *type, const json_t *jwk,
            enum reason invalid, EVP_PKEY **out, struct err *err)
{
    struct slice x;
    TRY(jwk_decode_member(arena, jwk, "x", invalid, &x, err));
    ENSURE(x.len == RAW_BYTES, err, invalid);
    *out = EVP_PKEY_new_raw_public_key_ex(NULL, type->crv, algs()->properties, x.ptr, x.len);
    openssl_errors_clear();
    ENSURE(*out != NULL, err, invalid);
    return OK;
}

rc okp_write(const struct key_type *type, const EVP_PKEY *pkey, char out[MEMBERS_MAX],
             struct err *err)
{
    uint8_t raw[RAW_BYTES];
    char x[2 * RAW_BYTES]; /* base64url is shorter */
    size_t len = sizeof raw;
    bool ok = EVP_PKEY_get_raw_public_key(pkey, raw, &len) == 1;
    openssl_errors_clear();
    ENSURE(ok, err, R_CRYPTO_FAILED);
    x[base64url_encode(slice_of(raw, len), x)] = '\0';
    snprintf(out, MEMBERS_MAX, "\"crv\":\"%s\",\"kty\":\"%s\",\"x\":\"%s\"", type->crv, type->kty,
             x);
    return OK;
}

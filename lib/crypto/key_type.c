/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_type.h"

#include "crypto/cek_wrap.h"
#include "crypto/crypto_internal.h"

static const struct key_type types[JWK_KINDS] = {
    [JWK_EC_P256] = {.kind = JWK_EC_P256,
                     .kty = "EC",
                     .crv = "P-256",
                     .group = "P-256",
                     .group_alias = "prime256v1",
                     .field = 32,
                     .generator = "EC P-256",
                     .signs = JWS_ES256,
                     .read = ec_read,
                     .write = ec_write,
                     .wrap_alg = CEK_WRAP_ECDH,
                     .wrap = cek_wrap_ecdh,
                     .unwrap = cek_unwrap_ecdh},
    [JWK_EC_P384] = {.kind = JWK_EC_P384,
                     .kty = "EC",
                     .crv = "P-384",
                     .group = "P-384",
                     .group_alias = "secp384r1",
                     .field = 48,
                     .generator = "EC P-384",
                     .signs = JWS_ES384,
                     .read = ec_read,
                     .write = ec_write,
                     .wrap_alg = CEK_WRAP_ECDH,
                     .wrap = cek_wrap_ecdh,
                     .unwrap = cek_unwrap_ecdh},
    [JWK_RSA] = {.kind = JWK_RSA,
                 .kty = "RSA",
                 .read = rsa_read,
                 .write = rsa_write,
                 .wrap_alg = CEK_WRAP_RSA,
                 .wrap = cek_wrap_rsa},
    [JWK_ED25519] =
        {.kind = JWK_ED25519, .kty = "OKP", .crv = "Ed25519", .read = okp_read, .write = okp_write},
};

const struct key_type *key_type_of(enum jwk_kind kind)
{
    CH_ASSERT((unsigned)kind < JWK_KINDS);
    return &types[kind];
}

const struct key_type *key_type_find(struct slice kty, struct slice crv)
{
    for (size_t i = 0; i < JWK_KINDS; i++) {
        const struct key_type *type = &types[i];
        if (slice_eq_str(kty, type->kty) && (type->crv == NULL || slice_eq_str(crv, type->crv))) {
            return type;
        }
    }
    return NULL;
}

const struct key_type *key_type_of_group(const char *group)
{
    for (size_t i = 0; i < JWK_KINDS; i++) {
        const struct key_type *type = &types[i];
        if (type->group != NULL &&
            (strcmp(group, type->group) == 0 || strcmp(group, type->group_alias) == 0)) {
            return type;
        }
    }
    return NULL;
}

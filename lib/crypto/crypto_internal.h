/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/crypto only: fetched algorithms, and the EVP_PKEY behind our key types. */
#pragma once

#include <openssl/evp.h>

#include "base/slice.h"
#include "crypto/jwk.h"

/* Everything that crypto_init fetched. Contexts are kept ready and re-initialized per use. */
struct algs {
    EVP_MD *sha256, *sha384, *sha512;
    EVP_CIPHER *aes256_gcm, *aes256_wrap, *aes256_wrap_pad;
    EVP_MAC *hmac;
    EVP_CIPHER_CTX *gcm_seal, *gcm_open, *wrap;
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *hmac_sha256;
    EVP_PKEY_CTX *keygen_p256, *keygen_p384;
    char *properties;
};

const struct algs *algs(void);

/* Forget what a failed OpenSSL call left on the thread's error queue: SSL_get_error reads the same
 * queue, and would take it for a broken connection. */
void openssl_errors_clear(void);

struct jwk_public {
    enum jwk_kind kind;
    EVP_PKEY *pkey;
    uint8_t thumbprint[JWK_THUMBPRINT_BYTES];
    enum jws_alg alg; /* JWS_NONE when the JWK names none */
    bool may_verify;  /* `use` and `key_ops` allow verifying */
    bool may_wrap;    /* … allow wrapping to it */
    char kid[JWK_KID_MAX + 1];
    char *issuer; /* owned; NULL if there is none */
};

struct jwk_private {
    struct jwk_public pub; /* pkey holds the private half too */
};

/* Raw point or modulus of a public key, for the canonical JWK. */
struct ec_point {
    uint8_t x[48], y[48];
    size_t field; /* bytes of a coordinate: 32 or 48 */
};
MUST rc ec_point_of(const EVP_PKEY *pkey, enum jwk_kind kind, struct ec_point *out,
                    struct err *err);
/* Make a public key of a point; R_CLIENT_KEY_INVALID when it is not on the curve. */
MUST rc ec_public_from_point(enum jwk_kind kind, struct slice x, struct slice y, EVP_PKEY **out,
                             struct err *err);
MUST rc ec_generate(enum jwk_kind kind, EVP_PKEY **out, struct err *err);
/* ECDH: the shared x-coordinate, field size bytes. */
MUST rc ec_agree(EVP_PKEY *own, EVP_PKEY *peer, uint8_t out[48], size_t *len_out, struct err *err);
/* Fill kind and thumbprint of a key whose pkey is set. */
MUST rc jwk_finish(struct jwk_public *key, struct err *err);

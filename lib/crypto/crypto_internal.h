/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/crypto only: fetched algorithms, the EVP_PKEY behind our keys, and what each kind
 * of key does by itself. */
#pragma once

#include <openssl/evp.h>

#include "base/secret.h"
#include "base/slice.h"
#include "crypto/jwk.h"
#include "crypto/key_type.h"

/* Everything that crypto_init fetched. All threads share it. */
struct algs {
    EVP_MD *sha256, *sha384, *sha512;
    EVP_CIPHER *aes256_gcm, *aes256_wrap, *aes256_wrap_pad;
    EVP_MAC *hmac;
    char *properties;
};

const struct algs *algs(void);

/* What each thread has for itself: contexts that are kept ready and re-initialized per use. */
struct algs_contexts {
    EVP_CIPHER_CTX *gcm_seal, *gcm_open, *wrap;
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *hmac_sha256;
    EVP_PKEY_CTX *generators[JWK_KINDS]; /* NULL for kinds of which we make none */
};

/* Those of the calling thread, made at its first use and freed when it ends. Lent. Whoever has given one a key takes it away
 * again (EVP_CIPHER_CTX_reset, hmac_forget): their memory is ordinary, so it could be swapped, and is in core dumps. */
const struct algs_contexts *algs_contexts(void);

/* Give the thread's MAC a key that is none: its own copy of the last one is wiped. */
void hmac_forget(void);

/* Forget what a failed OpenSSL call left on the thread's error queue: SSL_get_error reads the same
 * queue, and would take it for a broken connection. */
void openssl_errors_clear(void);

struct jwk_public {
    const struct key_type *type;
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
    /* Prepared to sign by the key, and never used itself: a signature begins with a copy, for a seventh less than anew. */
    EVP_MD_CTX *signing;
};

/* A private key of whatever type as PKCS #8, in DER for wrapping or PEM for files; and read one of this type. R_CRYPTO_FAILED. */
rc pkey_encode(const EVP_PKEY *pkey, const char *format, struct secret **out, struct err *err);
rc pkey_decode(const char *type, const struct secret *bytes, const char *format, EVP_PKEY **out,
               struct err *err);
/* A pkey (taken) as a private key of ours. R_CRYPTO_FAILED for one of a kind that we don't make. */
rc jwk_private_of(EVP_PKEY *pkey, struct jwk_private **out, struct err *err);
/* Fill in the thumbprint of a key whose type and pkey are set. */
rc jwk_set_thumbprint(struct jwk_public *key, struct err *err);
/* A member that must be there, decoded from base64url, and not empty. `invalid` otherwise. */
rc jwk_decode_member(struct arena *arena, const json_t *jwk, const char *name, enum reason invalid,
                     struct slice *out, struct err *err);
/* Whether signatures of this algorithm are made with keys of this kind. */
bool jws_alg_fits(enum jws_alg alg, enum jwk_kind kind);

/* A context that is prepared to sign by this algorithm; NULL: the key can't. The caller's. */
EVP_MD_CTX *jws_prepare(EVP_PKEY *pkey, enum jws_alg alg);
/* Sign under a header that names this algorithm and fits the key, of whatever kind. */
rc jws_sign_with_pkey(struct arena *arena, EVP_PKEY *pkey, enum jws_alg alg, struct slice header,
                      struct slice payload, struct slice *out, struct err *err);

/* The rows of the table of key types (key_type.h). */
rc ec_read(struct arena *arena, const struct key_type *type, const json_t *jwk, enum reason invalid,
           EVP_PKEY **out, struct err *err);
rc ec_write(const struct key_type *type, const EVP_PKEY *pkey, char out[MEMBERS_MAX],
            struct err *err);
rc rsa_read(struct arena *arena, const struct key_type *type, const json_t *jwk,
            enum reason invalid, EVP_PKEY **out, struct err *err);
rc rsa_write(const struct key_type *type, const EVP_PKEY *pkey, char out[MEMBERS_MAX],
             struct err *err);
rc okp_read(struct arena *arena, const struct key_type *type, const json_t *jwk,
            enum reason invalid, EVP_PKEY **out, struct err *err);
rc okp_write(const struct key_type *type, const EVP_PKEY *pkey, char out[MEMBERS_MAX],
             struct err *err);

/* Make a key pair of an elliptic curve. */
rc ec_generate(const struct key_type *type, EVP_PKEY **out, struct err *err);
/* The point of an EC key, uncompressed. */
rc ec_point(struct arena *arena, const struct jwk_public *key, struct slice *out, struct err *err);
/* ECDH: the shared x-coordinate, field size bytes. */
rc ec_agree(EVP_PKEY *own, EVP_PKEY *peer, uint8_t out[EC_FIELD_MAX], size_t *len_out,
            struct err *err);

/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037): parsed once, checked once, then handles.
 *
 * A public key is refused when it holds private or symmetric members, is off its curve, is RSA
 * of less than 2048 or more than 8192 bits, has an RSA exponent that is even or less than 3, or
 * says by `use`, `key_ops` or `alg` that it is for something else. Loop thread. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/secret.h"

enum {
    JWK_BYTES_MAX = 8 * 1024,
    JWKS_BYTES_MAX = 256 * 1024,
    JWKS_KEYS_MAX = 256, /* that can be used */
    JWK_KID_MAX = 255,
    JWK_ISSUER_MAX = 512,
    JWK_THUMBPRINT_BYTES = 32, /* RFC 7638, SHA-256 */
    JWK_THUMBPRINT_TEXT = 44,  /* of one in base64url, with a NUL */
    JWK_RSA_BITS_MIN = 2048,
    JWK_RSA_BITS_MAX = 8192,
};

enum jwk_kind { JWK_EC_P256, JWK_EC_P384, JWK_RSA, JWK_ED25519, JWK_KINDS };

/* Signature algorithms that we know (RFC 7518 §3.1, RFC 8037 §3.1). No `none`, no HMAC. */
enum jws_alg { JWS_NONE = 0, JWS_RS256, JWS_PS256, JWS_ES256, JWS_ES384, JWS_EDDSA };

struct jwk_public;
struct jwk_private;

/* Parse one public JWK. `invalid` is raised on any flaw. Free with jwk_public_free. */
rc jwk_public_parse(struct slice json, enum reason invalid, struct jwk_public **out,
                    struct err *err);
/* Parse the key that a JWS header carries (`jwk`, RFC 7515 §4.1.3): for proofs of possession
 * only, whose key is compared with one that somebody else vouches for. */
rc jwk_public_from_header(struct slice header, enum reason invalid, struct jwk_public **out,
                          struct err *err);
/* The same of an uncompressed point of P-256 or P-384, as tokens show their keys. */
rc jwk_public_of_point(struct arena *arena, struct slice point, enum reason invalid,
                       struct jwk_public **out, struct err *err);
void jwk_public_free(void *key);

enum jwk_kind jwk_kind(const struct jwk_public *key);
/* How long it is: of its modulus, or of its curve's field. */
int jwk_bits(const struct jwk_public *key);
/* The RFC 7638 thumbprint, JWK_THUMBPRINT_BYTES. Lends. */
struct slice jwk_thumbprint(const struct jwk_public *key);
/* The `kid` member, NUL-terminated; "" if there is none. */
const char *jwk_kid(const struct jwk_public *key);
/* The `issuer` member of a key of a set: for which issuer alone it may speak (Microsoft's key
 * sets have it); "" if there is none. */
const char *jwk_issuer(const struct jwk_public *key);
/* Whether a signature of this algorithm may be checked with this key: kind, `alg`, `use`. */
bool jwk_may_verify(const struct jwk_public *key, enum jws_alg alg);
/* Whether a content key may be wrapped to this key. */
bool jwk_may_wrap(const struct jwk_public *key);
/* Write the canonical public JWK: required members in lexical order, plus kid, use and alg when
 * given (use and alg may be NULL; kid is the thumbprint). NULL over budget. */
char *jwk_public_json(struct arena *arena, const struct jwk_public *key, const char *use,
                      const char *alg);

/* A key set. What is no key by which we can verify is left out (RFC 7517 §5), also one whose `issuer` can't be
 * read, and of several that are the same in all but what we don't look at all but one; beyond
 * JWKS_KEYS_MAX so are those that stand last. Different keys may have one `kid`. A secret key makes the
 * whole set invalid: whoever publishes one has lost it. A byte order mark at the start is skipped
 * (RFC 8259 §8.1). */
struct jwks {
    struct jwk_public *keys[JWKS_KEYS_MAX];
    size_t count;
};
rc jwks_parse(struct slice json, enum reason invalid, struct jwks **out, struct err *err);
void jwks_free(void *set);

/* The same in pieces: a key takes some 80 µs to check. */
struct jwks_reader;
rc jwks_reader_new(struct slice json, enum reason invalid, struct jwks_reader **out,
                   struct err *err);
/* Read so many entries more; false while there are others. */
bool jwks_reader_step(struct jwks_reader *reader, size_t entries);
/* What was read; frees the reader. `invalid` when no key can be used. */
rc jwks_reader_finish(struct jwks_reader *reader, struct jwks **out, struct err *err);
void jwks_reader_free(struct jwks_reader *reader);
/* The only key that can have signed this: by kid, or without one the only candidate for the
 * algorithm. NULL if there is none, or more than one. */
const struct jwk_public *jwks_find(const struct jwks *set, struct slice kid, enum jws_alg alg);
/* The next key from *at on that can have signed this: of this kid, or of any without one. NULL when
 * there is none; else *at is behind it. */
const struct jwk_public *jwks_next(const struct jwks *set, struct slice kid, enum jws_alg alg,
                                   size_t *at);

/* Private keys: of kinds that we make, which are EC. */
rc jwk_private_generate(enum jwk_kind kind, struct jwk_private **out, struct err *err);
/* The key as PKCS #8 DER, for wrapping. */
rc jwk_private_export(const struct jwk_private *key, struct secret **out, struct err *err);
rc jwk_private_import(const struct secret *der, struct jwk_private **out, struct err *err);
/* Read a private key in PEM (an unencrypted PKCS #8 file of the command line's dev issuer or
 * client). */
rc jwk_private_from_pem(const struct secret *pem, struct jwk_private **out, struct err *err);
/* Write it as PEM. */
rc jwk_private_to_pem(const struct jwk_private *key, struct secret **out, struct err *err);
const struct jwk_public *jwk_private_public(const struct jwk_private *key);
void jwk_private_free(void *key);

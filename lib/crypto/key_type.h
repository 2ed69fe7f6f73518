/* SPDX-License-Identifier: Apache-2.0 */
/* Inside lib/crypto only: kinds of keys as data. What JOSE and OpenSSL call a kind, how such a
 * key is read and written, what it signs with, and how a content-encryption key is wrapped to
 * it. A new kind, a post-quantum one too, is a row of the table and its functions: nothing else
 * asks which kind a key is. */
#pragma once

#include <jansson.h>
#include <openssl/evp.h>

#include "base/arena.h"
#include "crypto/jwk.h"

enum {
    CEK_BYTES = 32, /* a content-encryption key, for A256GCM */
    MEMBERS_MAX =
        2048, /* required members of a JWK as text: a modulus of 8192 bits is the longest */
    EC_FIELD_MAX = 48,    /* bytes of a coordinate */
    JWE_HEADER_MAX = 512, /* a header with an ephemeral key */
};

/* A content-encryption key, wrapped: what goes into a JWE. */
struct wrapped_cek {
    char header[JWE_HEADER_MAX];
    size_t header_len;
    uint8_t bytes[JWK_RSA_BITS_MAX / 8];
    size_t len;
};

struct key_type {
    enum jwk_kind kind;
    const char *kty, *crv; /* of its JWK; crv is NULL when the kty alone says the kind */

    /* Elliptic curves on which we make keys; the rest has NULL and 0. */
    const char *group, *group_alias; /* OpenSSL's names */
    size_t field;                    /* bytes of a coordinate */
    const char *generator;           /* what is missing when no provider makes such keys */
    enum jws_alg signs;              /* with our private keys */

    /* The public key of a JWK's members. `invalid` is raised on any flaw. */
    rc (*read)(struct arena *arena, const struct key_type *type, const json_t *jwk,
               enum reason invalid, EVP_PKEY **out, struct err *err);
    /* Its required members as text, in lexical order, without braces (RFC 7638 §3.2). */
    rc (*write)(const struct key_type *type, const EVP_PKEY *pkey, char out[MEMBERS_MAX],
                struct err *err);

    /* How a content-encryption key gets to such a key; NULL: none does. */
    const char *wrap_alg; /* of the JWE */
    rc (*wrap)(const struct jwk_public *to, const uint8_t cek[CEK_BYTES], struct wrapped_cek *out,
               struct err *err);
    /* The other way, where we make private keys. `mismatch` is raised on any flaw. */
    rc (*unwrap)(struct arena *arena, const struct jwk_private *key, const json_t *header,
                 struct slice wrapped, enum reason mismatch, uint8_t cek[CEK_BYTES],
                 struct err *err);
};

const struct key_type *key_type_of(enum jwk_kind kind);
/* By the members of a JWK; NULL when we know no such kind. */
const struct key_type *key_type_find(struct slice kty, struct slice crv);
/* The kind of private keys of this OpenSSL group; NULL when we make none. */
const struct key_type *key_type_of_group(const char *group);

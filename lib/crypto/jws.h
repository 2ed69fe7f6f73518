/* SPDX-License-Identifier: Apache-2.0 */
/* Compact JSON Web Signatures (RFC 7515) under the rules of RFC 8725.
 *
 * The algorithm is pinned by the caller: the header's `alg` must be one that the issuer may use and
 * that fits the key, and is never the decision. `crit`, `b64`, `zip` are refused. Loop thread. */
#pragma once

#include "base/arena.h"
#include "crypto/jwk.h"

/* The algorithm of a name; JWS_NONE for every name that we don't know, "none" included. Exact
 * case. */
enum jws_alg jws_alg_parse(struct slice name);
const char *jws_alg_name(enum jws_alg alg);

/* A compact JWS taken apart; nothing is verified yet. Slices point into the token or the arena. */
struct jws {
    enum jws_alg alg;
    struct slice kid;     /* may be empty */
    struct slice typ;     /* may be empty */
    struct slice header;  /* decoded JSON */
    struct slice signed_; /* header "." payload, as received */
    struct slice payload; /* decoded */
    struct slice signature;
};

/* Take a token apart. `malformed` is raised on any deviation from RFC 7515 §3.1 and §4, and
 * R_TOKEN_ALGORITHM when we do not know `alg`. The caller bounds the size. */
rc jws_parse(struct arena *arena, struct slice token, enum reason malformed, struct jws *out,
             struct err *err);
/* The same for headers of up to so many bytes, which jws_parse bounds by 4,096. */
rc jws_parse_long(struct arena *arena, struct slice token, size_t header_max, enum reason malformed,
                  struct jws *out, struct err *err);
/* Check the signature with a key that fits the algorithm; `mismatch` otherwise. */
rc jws_verify(const struct jws *jws, const struct jwk_public *key, enum reason mismatch,
              struct err *err);
/* Sign a payload: ES256 or ES384 by the key's curve. typ may be NULL; kid is the thumbprint. */
rc jws_sign(struct arena *arena, const struct jwk_private *key, const char *typ,
            struct slice payload, struct slice *out, struct err *err);
/* The same, but the header carries the public key itself (`jwk`, RFC 7515 §4.1.3): a proof of
 * possession. */
rc jws_sign_with_jwk(struct arena *arena, const struct jwk_private *key, const char *typ,
                     struct slice payload, struct slice *out, struct err *err);

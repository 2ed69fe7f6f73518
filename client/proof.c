/* SPDX-License-Identifier: Apache-2.0 */
#include "client/proof.h"

#include "base/encode.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/json.h"
#include "crypto/jws.h"

enum {
    KEY_FILE_MAX = 8 * 1024,
    JTI_BYTES = 16, /* RFC 9449 §4.2 asks for 96 random bits or more */
};

rc proof_key_read(const char *path, struct jwk_private **out, struct err *err)
{
    AUTO(secret_free_at) struct secret *pem = NULL;
    struct err cause = {0};
    if (!secret_read_file(path, KEY_FILE_MAX, SECRET_OWNER_OR_GROUP_OF_ROOTS, &pem, &cause).ok) {
        FAIL(err, R_INPUT_INVALID,
             "%s; a key file is a regular file that only its owner can access (chmod 600)",
             cause.detail);
    }
    if (!jwk_private_from_pem(pem, out, &cause).ok) {
        FAIL(err, R_INPUT_INVALID, "%s has no private key on P-256 or P-384 in PEM", path);
    }
    return OK;
}

static const char *random_id(struct arena *arena)
{
    AUTO(secret_free_at) struct secret *bytes = secret_random(JTI_BYTES);
    return base64url_dup(arena, secret_use(bytes));
}

rc proof_make(struct arena *arena, const struct jwk_private *key, const struct proof_call *call,
              const char **out, struct err *err)
{
    uint8_t hash[SHA256_BYTES];
    struct slice payload, proof;
    TRY(hash_sha256(slice_str(call->token), hash, err));
    const char *jti = random_id(arena), *ath = base64url_dup(arena, slice_of(hash, sizeof hash));
    json_t *claims = json_object();
    TRY(json_own(arena, claims, err));
    ARENA_ENSURE(jti, err);
    ARENA_ENSURE(ath, err);
    json_object_set_new(claims, "jti", json_string(jti));
    json_object_set_new(claims, "htm", json_string("POST")); /* every gRPC call is one */
    json_object_set_new(claims, "htu", json_string(call->url));
    json_object_set_new(claims, "iat", json_integer(call->now.s));
    json_object_set_new(claims, "ath", json_string(ath));
    TRY(json_dump(arena, claims, &payload, err));
    TRY(jws_sign_with_jwk(arena, key, "dpop+jwt", payload, &proof, err));
    *out = arena_dup(arena, proof);
    ARENA_ENSURE(*out, err);
    return OK;
}

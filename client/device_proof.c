/* SPDX-License-Identifier: Apache-2.0 */
#include "client/device_proof.h"

#include "base/encode.h"
#include "client/proof.h"
#include "crypto/hash.h"
#include "crypto/json.h"
#include "crypto/jws.h"

static rc claims_of(struct arena *arena, const struct device_proof_request *request,
                    struct slice *out, struct err *err)
{
    uint8_t hash[SHA256_BYTES];
    json_t *claims = json_object();
    TRY(json_own(arena, claims, err));
    TRY(hash_sha256(request->token, hash, err));
    const char *ath = base64url_dup(arena, slice_of(hash, sizeof hash));
    ARENA_ENSURE(ath, err);
    json_object_set_new(claims, "aud", json_string(request->url));
    json_object_set_new(claims, "ath", json_string(ath));
    json_object_set_new(claims, "iat", json_integer(request->now.s));
    return json_dump(arena, claims, out, err);
}

static void free_key(struct jwk_private **key)
{
    jwk_private_free(*key);
}

rc device_proof_make(struct arena *arena, const struct device_proof_request *request,
                     const char **out, struct err *err)
{
    AUTO(free_key) struct jwk_private *key = NULL;
    struct slice payload, proof;
    TRY(proof_key_read(request->key_file, &key, err));
    TRY(claims_of(arena, request, &payload, err));
    TRY(jws_sign_with_jwk(arena, key, "chancery-device-proof+jwt", payload, &proof, err));
    *out = arena_dup(arena, proof);
    ARENA_ENSURE(*out, err);
    return OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/certificate_proof.h"

#include "base/secret.h"
#include "crypto/json.h"
#include "crypto/x5c.h"

enum { KEY_FILE_MAX = 16 * 1024 };

static rc claims_of(struct arena *arena, const struct certificate_proof_request *request,
                    struct slice *out, struct err *err)
{
    json_t *claims = json_object();
    TRY(json_own(arena, claims, err));
    json_object_set_new(claims, "aud", json_string(request->url));
    json_object_set_new(claims, "tenant", json_string(request->tenant));
    json_object_set_new(claims, "sub", json_string(request->component));
    json_object_set_new(claims, "iat", json_integer(request->now.s));
    return json_dump(arena, claims, out, err);
}

rc certificate_proof_make(struct arena *arena, const struct certificate_proof_request *request,
                          const char **out, struct err *err)
{
    AUTO(secret_free_at) struct secret *key = NULL;
    struct slice payload, proof;
    struct err cause = {0};
    if (!secret_read_file(request->key_file, KEY_FILE_MAX, SECRET_OWNER_OR_GROUP_OF_ROOTS, &key,
                          &cause)
             .ok) {
        FAIL(err, R_INPUT_INVALID,
             "%s; a key file is a regular file that only its owner can access (chmod 600)",
             cause.detail);
    }
    TRY(claims_of(arena, request, &payload, err));
    if (!x5c_sign(arena, request->certificate, key, "chancery-component-proof+jwt", payload, &proof,
                  &cause)
             .ok) {
        FAIL(err, R_INPUT_INVALID, "%s: %s", request->key_file, cause.detail);
    }
    *out = arena_dup(arena, proof);
    ARENA_ENSURE(*out, err);
    return OK;
}

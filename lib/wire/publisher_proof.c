/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/publisher_proof.h"

#include <jansson.h>

#include "crypto/json.h"
#include "wire/proof_claims.h"

rc publisher_proof_claims(struct arena *arena, const char *authority_url, struct unix_time now,
                          struct slice *out, struct err *err)
{
    json_t *claims = json_object();
    TRY(json_own(arena, claims, err));
    json_object_set_new(claims, "aud", json_string(authority_url));
    json_object_set_new(claims, "iat", json_integer(now.s));
    return json_dump(arena, claims, out, err);
}

rc publisher_proof_check(struct arena *arena, struct slice proof, const struct jwk_public *key,
                         const char *const *urls, size_t url_count, struct unix_time now,
                         struct err *err)
{
    struct jws jws;
    json_t *claims;
    ENSURE(proof.len <= PUBLISHER_PROOF_MAX, err, R_FIELD_INVALID);
    if (!jws_parse(arena, proof, R_FIELD_INVALID, &jws, err).ok ||
        !slice_eq_str(jws.typ, PUBLISHER_PROOF_TYP) ||
        !jws_verify(&jws, key, R_FIELD_INVALID, err).ok) {
        err_clear(err);
        FAIL(err, R_FIELD_INVALID,
             "It must be a compact JWS of type " PUBLISHER_PROOF_TYP
             " that is signed with the publisher's key.");
    }
    TRY(json_parse_object(arena, jws.payload, PUBLISHER_PROOF_MAX, R_FIELD_INVALID, &claims, err));
    if (!proof_claims_are_for(claims, urls, url_count)) {
        FAIL(err, R_FIELD_INVALID,
             "Its `aud` must be this authority's address, as /.well-known/chancery says it.");
    }
    if (!proof_claims_hold_now(claims, now)) {
        FAIL(err, R_FIELD_INVALID,
             "Its `iat` must lie in the last 10 minutes, and its `exp` ahead; check the clocks.");
    }
    return OK;
}

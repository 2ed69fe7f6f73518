/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/device_proof.h"

#include "base/encode.h"
#include "crypto/hash.h"
#include "crypto/json.h"
#include "crypto/jws.h"
#include "wire/proof_claims.h"

enum { HEADER_MAX = 12 * 1024 /* bytes: a public key of 8 KiB, and the rest */ };

static void free_key(struct jwk_public **key)
{
    jwk_public_free(*key);
}

/* As a proof of DPoP names its token (RFC 9449 §4.2): so the proof is of no use to who has another one. */
static bool is_for_token(const json_t *claims, struct slice token)
{
    uint8_t hash[SHA256_BYTES];
    char expected[64]; /* base64url_length(32) is 43 */
    struct slice ath;
    return hash_sha256(token, hash, NULL).ok &&
           json_need_text(claims, "ath", R_FIELD_INVALID, &ath, NULL).ok &&
           slice_eq(ath,
                    slice_of(expected, base64url_encode(slice_of(hash, sizeof hash), expected)));
}

static enum device_proof_flaw flaw_of(const json_t *claims, const struct device_proof_question *q)
{
    if (!proof_claims_are_for(claims, q->urls, q->url_count)) {
        return DEVICE_PROOF_AUDIENCE;
    }
    if (!is_for_token(claims, q->token)) {
        return DEVICE_PROOF_TOKEN;
    }
    return proof_claims_hold_now(claims, q->now) ? DEVICE_PROOF_SOUND : DEVICE_PROOF_TIME;
}

static rc write_key(struct arena *arena, const struct jwk_public *key, const char **public_jwk,
                    const char **thumbprint, struct err *err)
{
    *thumbprint = base64url_dup(arena, jwk_thumbprint(key));
    ARENA_ENSURE(*thumbprint, err);
    *public_jwk = jwk_public_json(arena, key, NULL, NULL);
    ARENA_ENSURE(*public_jwk, err);
    return OK;
}

static rc parse(struct arena *arena, struct slice proof, struct jws *jws, struct err *err)
{
    ENSURE(proof.len <= DEVICE_PROOF_MAX, err, R_FIELD_INVALID);
    if (!jws_parse_long(arena, proof, HEADER_MAX, R_FIELD_INVALID, jws, err).ok) {
        FAIL(err, err_is(err, R_ARENA_EXHAUSTED) ? R_ARENA_EXHAUSTED : R_FIELD_INVALID,
             "no JWS that we can check");
    }
    ENSURE(slice_eq_nocase(jws->typ, slice_str(DEVICE_PROOF_TYP)), err, R_FIELD_INVALID);
    return OK;
}

rc device_proof_check(struct arena *arena, const struct device_proof_question *question,
                      const char **public_jwk, const char **thumbprint,
                      enum device_proof_flaw *flaw, struct err *err)
{
    struct jws jws;
    json_t *claims;
    AUTO(free_key) struct jwk_public *key = NULL;
    *flaw = DEVICE_PROOF_FORM;
    TRY(parse(arena, question->proof, &jws, err));
    *flaw = DEVICE_PROOF_KEY;
    TRY(jwk_public_from_header(jws.header, R_FIELD_INVALID, &key, err));
    ENSURE(jwk_may_wrap(key), err, R_FIELD_INVALID);
    *flaw = DEVICE_PROOF_SIGNATURE;
    TRY(jws_verify(&jws, key, R_FIELD_INVALID, err));
    *flaw = DEVICE_PROOF_FORM;
    TRY(json_parse_object(arena, jws.payload, DEVICE_PROOF_MAX, R_FIELD_INVALID, &claims, err));
    *flaw = flaw_of(claims, question);
    ENSURE(*flaw == DEVICE_PROOF_SOUND, err, R_FIELD_INVALID);
    return write_key(arena, key, public_jwk, thumbprint, err);
}

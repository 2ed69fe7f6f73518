/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/certificate_proof.h"

#include <string.h>

#include "crypto/json.h"
#include "wire/proof_claims.h"

/* --- claims ----------------------------------------------------------------------------------- */

static bool is_text(const json_t *claims, const char *name, const char *wanted)
{
    struct slice text;
    return json_need_text(claims, name, R_FIELD_INVALID, &text, NULL).ok &&
           slice_eq_str(text, wanted);
}

static enum certificate_proof_flaw flaw_of(const json_t *claims,
                                           const struct certificate_proof_question *q)
{
    if (!proof_claims_are_for(claims, q->urls, q->url_count)) {
        return CERTIFICATE_PROOF_AUDIENCE;
    }
    if (!is_text(claims, "tenant", q->tenant) || !is_text(claims, "sub", q->component)) {
        return CERTIFICATE_PROOF_SUBJECT;
    }
    return proof_claims_hold_now(claims, q->now) ? CERTIFICATE_PROOF_SOUND : CERTIFICATE_PROOF_TIME;
}

/* --- the proof -------------------------------------------------------------------------------- */

rc certificate_proof_check(struct arena *arena, const struct certificate_proof_question *question,
                           uint8_t fingerprint[X5C_PRINT_BYTES], enum certificate_proof_flaw *flaw,
                           struct err *err)
{
    struct jws jws;
    json_t *claims;
    AUTO(x5c_fini) struct x5c signer = {.key = NULL};
    *flaw = CERTIFICATE_PROOF_FORM;
    ENSURE(question->proof.len <= CERTIFICATE_PROOF_MAX, err, R_FIELD_INVALID);
    if (!jws_parse_long(arena, question->proof, X5C_HEADER_MAX, R_FIELD_INVALID, &jws, err).ok) {
        FAIL(err, err_is(err, R_ARENA_EXHAUSTED) ? R_ARENA_EXHAUSTED : R_FIELD_INVALID,
             "no JWS that we can check");
    }
    ENSURE(slice_eq_nocase(jws.typ, slice_str(CERTIFICATE_PROOF_TYP)), err, R_FIELD_INVALID);
    *flaw = CERTIFICATE_PROOF_CERTIFICATE;
    TRY(x5c_read(jws.header, R_FIELD_INVALID, &signer, err));
    *flaw = CERTIFICATE_PROOF_SIGNATURE;
    TRY(jws_verify(&jws, signer.key, R_FIELD_INVALID, err));
    *flaw = CERTIFICATE_PROOF_FORM;
    TRY(json_parse_object(arena, jws.payload, CERTIFICATE_PROOF_MAX, R_FIELD_INVALID, &claims,
                          err));
    *flaw = flaw_of(claims, question);
    ENSURE(*flaw == CERTIFICATE_PROOF_SOUND, err, R_FIELD_INVALID);
    memcpy(fingerprint, signer.fingerprint, X5C_PRINT_BYTES);
    return OK;
}

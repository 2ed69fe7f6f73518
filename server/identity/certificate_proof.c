/* SPDX-License-Identifier: Apache-2.0 */
#include "identity/certificate_proof.h"

#include <string.h>

#include "crypto/json.h"

/* --- claims ----------------------------------------------------------------------------------- */

/* A slash at the end makes no other address. */
static struct slice without_slash(struct slice url)
{
    return url.len > 0 && url.ptr[url.len - 1] == '/' ? slice_cut(url, 0, url.len - 1) : url;
}

static bool is_for_us(const json_t *claims, const struct certificate_proof_question *q)
{
    struct slice aud;
    if (!json_need_text(claims, "aud", R_FIELD_INVALID, &aud, NULL).ok) {
        return false;
    }
    for (size_t i = 0; i < q->url_count; i++) {
        if (slice_eq(without_slash(aud), without_slash(slice_str(q->urls[i])))) {
            return true;
        }
    }
    return false;
}

static bool is_text(const json_t *claims, const char *name, const char *wanted)
{
    struct slice text;
    return json_need_text(claims, name, R_FIELD_INVALID, &text, NULL).ok &&
           slice_eq_str(text, wanted);
}

/* RFC 7519 §4.1.4: whoever made the proof may want it to end earlier. */
static bool is_of_now(const json_t *claims, struct unix_time now)
{
    const json_t *iat = json_object_get(claims, "iat"), *exp = json_object_get(claims, "exp");
    if (!json_is_integer(iat) || (exp != NULL && !json_is_integer(exp))) {
        return false;
    }
    json_int_t at = json_integer_value(iat);
    return at >= now.s - CERTIFICATE_PROOF_AGE_MAX_S &&
           at <= now.s + CERTIFICATE_PROOF_AHEAD_MAX_S &&
           (exp == NULL || json_integer_value(exp) > now.s);
}

static enum certificate_proof_flaw flaw_of(const json_t *claims,
                                           const struct certificate_proof_question *q)
{
    if (!is_for_us(claims, q)) {
        return CERTIFICATE_PROOF_AUDIENCE;
    }
    if (!is_text(claims, "tenant", q->tenant) || !is_text(claims, "sub", q->component)) {
        return CERTIFICATE_PROOF_SUBJECT;
    }
    return is_of_now(claims, q->now) ? CERTIFICATE_PROOF_SOUND : CERTIFICATE_PROOF_TIME;
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
        FAIL(err, err->reason == R_ARENA_EXHAUSTED ? R_ARENA_EXHAUSTED : R_FIELD_INVALID,
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

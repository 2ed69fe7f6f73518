/* SPDX-License-Identifier: Apache-2.0 */
#include "service/component/certificate_proofs.h"

#include <string.h>

#include "auth/own_addresses.h"
#include "identity/certificate_proof.h"
#include "service/common/request.h"
#include "service/component/component_message.h"

static const char *why(enum certificate_proof_flaw flaw)
{
    switch (flaw) {
    case CERTIFICATE_PROOF_SOUND:
    case CERTIFICATE_PROOF_FORM:
        break;
    case CERTIFICATE_PROOF_CERTIFICATE:
        return "Its header must carry the certificate (x5c): DER in base64, with a key on P-256 or "
               "P-384, Ed25519, or RSA of 2,048 to 8,192 bits.";
    case CERTIFICATE_PROOF_SIGNATURE:
        return "It must be signed with the certificate's key.";
    case CERTIFICATE_PROOF_AUDIENCE:
        return "Its `aud` must be this authority's address, as /.well-known/chancery says it.";
    case CERTIFICATE_PROOF_SUBJECT:
        return "Its `tenant` and `sub` must be the tenant's short name and the component's name.";
    case CERTIFICATE_PROOF_TIME:
        return "Its `iat` must lie in the last 10 minutes; check the clocks.";
    }
    return "It must be a compact JWS of type " CERTIFICATE_PROOF_TYP ".";
}

static step add_print(struct call *c, struct slice *prints, const uint8_t print[FINGERPRINT_BYTES])
{
    if (component_message_has_print(*prints, print)) {
        return STEP_NEXT;
    }
    uint8_t *all = arena_alloc(call_arena(c), prints->len + FINGERPRINT_BYTES);
    if (all == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "certificates");
    }
    memcpy(all, prints->ptr == NULL ? (const uint8_t *)"" : prints->ptr, prints->len);
    memcpy(all + prints->len, print, FINGERPRINT_BYTES);
    *prints = slice_of(all, prints->len + FINGERPRINT_BYTES);
    return STEP_NEXT;
}

static step check_one(struct call *c, struct certificate_proofs *proofs, const char *component)
{
    uint8_t print[FINGERPRINT_BYTES];
    enum certificate_proof_flaw flaw;
    struct certificate_proof_question question = {.proof =
                                                      slice_str(proofs->texts[proofs->checked]),
                                                  .tenant = scope_tenant_name(c),
                                                  .component = component,
                                                  .now = proofs->asked_at};
    question.urls = own_addresses(c, &question.url_count);
    if (question.urls == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "addresses");
    }
    if (certificate_proof_check(call_arena(c), &question, print, &flaw, call_err(c)).ok) {
        return add_print(c, &proofs->proven, print);
    }
    if (call_err(c)->reason == R_ARENA_EXHAUSTED) {
        return STEP_FAILED;
    }
    err_clear(call_err(c));
    const char *field = arena_printf(call_arena(c), "proofs[%zu]", proofs->checked);
    return call_bad_field(c, field == NULL ? "proofs" : field, why(flaw));
}

/* All that the component shall have: what was listed, and what is proven. */
static step gather(struct call *c, const struct certificate_proofs *proofs, struct slice held,
                   struct slice *prints)
{
    for (size_t at = 0; at < proofs->proven.len; at += FINGERPRINT_BYTES) {
        if (step_failed(add_print(c, prints, proofs->proven.ptr + at))) {
            return STEP_FAILED;
        }
    }
    for (size_t at = 0; at < prints->len && !scope_is_platforms_word(c); at += FINGERPRINT_BYTES) {
        const uint8_t *print = prints->ptr + at;
        if (!component_message_has_print(proofs->proven, print) &&
            !component_message_has_print(held, print)) {
            return call_bad_field(c, "component.certificate_sha256",
                                  "A certificate that is new here needs a proof that its key is "
                                  "held, in `proofs`; chancery component create --certificate FILE "
                                  "--key FILE makes one.");
        }
    }
    return request_count(c, "component.certificate_sha256", prints->len / FINGERPRINT_BYTES, 0,
                         COMPONENT_CERTIFICATES_MAX);
}

step certificate_proofs_check(struct call *c, struct certificate_proofs *proofs,
                              const struct component_record *before,
                              struct component_record *record, step_fn self)
{
    struct slice held = before == NULL ? SLICE_NONE : before->fingerprints;
    if (step_failed(request_count(c, "proofs", proofs->count, 0, COMPONENT_CERTIFICATES_MAX))) {
        return STEP_FAILED;
    }
    while (proofs->checked < proofs->count) {
        if (step_failed(check_one(c, proofs, record->component.name))) {
            return STEP_FAILED;
        }
        proofs->checked++;
        if (call_should_yield(c)) {
            return call_yield(c, self);
        }
    }
    return gather(c, proofs, held, &record->fingerprints);
}

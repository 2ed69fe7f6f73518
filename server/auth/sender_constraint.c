/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/sender_constraint.h"

#include "auth/facts.h"
#include "auth/own_addresses.h"
#include "context/wait.h"
#include "methods.h"

enum {
    /* A used proof is remembered until every node takes it for too old: it may be made for a minute
     * from now, and the clocks of two nodes may differ by five. */
    PROOF_KEPT_S = 2 * DPOP_AGE_MAX_S + 300,
};

static struct sender_constraint *constraint_of(struct call *c)
{
    return &caller_of(c)->proofs->constraint;
}

/* The part behind a scheme's name, which counts in any case; empty if it is another scheme. */
static struct slice behind(struct slice value, const char *scheme)
{
    struct slice name = slice_str(scheme);
    return slice_eq_nocase(slice_cut(value, 0, name.len), name)
               ? slice_cut(value, name.len, value.len)
               : SLICE_NONE;
}

struct credential credential_read(struct call *c)
{
    struct slice value = call_metadata(c, "authorization");
    struct slice bearer = behind(value, "bearer "); /* RFC 6750 §2.1 */
    struct slice dpop = behind(value, "dpop ");     /* RFC 9449 §7.1 */
    if (bearer.len > 0) {
        return (struct credential){SCHEME_BEARER, bearer};
    }
    return (struct credential){dpop.len > 0 ? SCHEME_DPOP : SCHEME_NONE, dpop};
}

/* --- DPoP --------------------------------------------------------------------------------------- */

static step claimed(struct call *c)
{
    struct sender_constraint *constraint = constraint_of(c);
    if (constraint->claim.op.err.reason != R_NONE) {
        return wait_failed(c, &constraint->claim.op.err);
    }
    if (!constraint->claim.is_first) {
        return call_fail(c, R_TOKEN_PROOF_REPLAYED, "its key and jti were seen before");
    }
    caller_of(c)->is_proof_used = true;
    return STEP_NEXT;
}

static step claim(struct call *c)
{
    struct sender_constraint *constraint = constraint_of(c);
    wait_store_init(c, &constraint->claim.op);
    proof_store_claim(&constraint->claim, constraint->proof.id, PROOF_KEPT_S);
    return wait_store(c, claimed, &constraint->claim.op);
}

static step check_proof(struct call *c)
{
    struct sender_constraint *constraint = constraint_of(c);
    struct dpop_question question = {.proof = call_metadata(c, "dpop"),
                                     .method = "POST", /* of every gRPC call */
                                     .path = call_method(c)->path,
                                     .token_hash = constraint->check->token.hash,
                                     .thumbprint = constraint->check->claims->bound_to,
                                     .now = call_now(c)};
    question.urls = own_addresses(c, &question.url_count);
    if (question.urls == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "addresses");
    }
    return dpop_check(call_arena(c), &question, &constraint->proof, call_err(c)).ok ? claim(c)
                                                                                    : STEP_FAILED;
}

static step ask_for_proof(struct call *c)
{
    size_t proofs = call_metadata_count(c, "dpop");
    if (caller_of(c)->is_proof_used) {
        return STEP_NEXT; /* the same token and the same proof, decided on again */
    }
    if (credential_read(c).scheme != SCHEME_DPOP || proofs == 0) {
        return call_fail(c, R_TOKEN_PROOF_MISSING, "bound to a key, and %zu proofs", proofs);
    }
    /* RFC 9449 §4.3: there is not more than one. */
    return proofs > 1 ? call_fail(c, R_TOKEN_PROOF_INVALID, "%zu proofs", proofs)
                      : facts_need_platform(c, check_proof);
}

/* --- certificates ------------------------------------------------------------------------------- */

static step check_certificate(struct call *c, const struct token_claims *claims)
{
    struct slice wanted = slice_of(claims->bound_to, sizeof claims->bound_to);
    struct slice fingerprint = call_peer_fingerprint(c);
    if (fingerprint.len == 0) {
        return call_fail(c, R_TOKEN_PROOF_MISSING, "bound to a certificate, and there is none");
    }
    return slice_eq(fingerprint, wanted)
               ? STEP_NEXT
               : call_fail(c, R_TOKEN_PROOF_INVALID, "bound to another certificate");
}

step sender_constraint_check(struct call *c, const struct token_check *check)
{
    const struct token_claims *claims = check->claims;
    if (credential_read(c).scheme == SCHEME_DPOP && claims->binding != BINDING_DPOP) {
        return call_fail(c, R_TOKEN_UNBOUND, "sent as DPoP, and bound to no key");
    }
    constraint_of(c)->check = check;
    switch (claims->binding) {
    case BINDING_NONE:
        break;
    case BINDING_MTLS:
        return check_certificate(c, claims);
    case BINDING_DPOP:
        return ask_for_proof(c);
    }
    return STEP_NEXT;
}

step sender_constraint_check_carried(struct call *c, const struct token_check *check)
{
    switch (check->claims->binding) {
    case BINDING_NONE:
        break;
    case BINDING_MTLS:
        return check_certificate(c, check->claims);
    case BINDING_DPOP:
        return call_fail(c, R_TOKEN_TYPE, "a component can't prove a user's key");
    }
    return STEP_NEXT;
}

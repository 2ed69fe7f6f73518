/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/binding.h"

#include "auth/caller.h"
#include "context/wait.h"
#include "methods.h"

enum {
    /* A used proof is remembered until every node takes it for too old, whose clocks may differ. */
    PROOF_KEPT_S = DPOP_AGE_MAX_S + 300,
};

static struct binding *binding_of(struct call *c)
{
    return &caller_of(c)->binding;
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
    struct binding *binding = binding_of(c);
    if (binding->claim.op.err.reason != R_NONE) {
        return wait_failed(c, &binding->claim.op.err);
    }
    if (!binding->claim.is_first) {
        return call_fail(c, R_TOKEN_PROOF_REPLAYED, "its key and jti were seen before");
    }
    binding->is_claimed = true;
    return binding->then(c);
}

static step claim(struct call *c)
{
    struct binding *binding = binding_of(c);
    int64_t expires_s = binding->proof.issued_at.s + PROOF_KEPT_S;
    wait_store_init(c, &binding->claim.op);
    proof_claim_submit(&binding->claim, binding->proof.id, expires_s * 1000000);
    return wait_store(c, claimed, &binding->claim.op);
}

/* The addresses of this node: its own and those of the boundaries that it serves. */
static step check_proof(struct call *c)
{
    struct caller *caller = caller_of(c);
    const struct token_check *check = &caller->identified.check;
    const struct platform_view *platform = &caller->found_platform->view;
    const char **urls = ARENA_ARRAY(call_arena(c), const char *, platform->boundary_count + 1);
    if (urls == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "addresses");
    }
    struct dpop_question question = {.proof = call_metadata(c, "dpop"),
                                     .method = "POST", /* of every gRPC call */
                                     .urls = urls,
                                     .path = call_method(c)->path,
                                     .token_hash = check->token.hash,
                                     .thumbprint = check->claims->bound_to,
                                     .now = call_now(c)};
    urls[question.url_count++] = services_of(c)->authority_url;
    for (size_t i = 0; i < platform->boundary_count; i++) {
        const struct boundary *boundary = &platform->boundaries[i];
        if (boundary->is_served && boundary->authority_url[0] != '\0') {
            urls[question.url_count++] = boundary->authority_url;
        }
    }
    return dpop_check(call_arena(c), &question, &caller->binding.proof, call_err(c)).ok
               ? claim(c)
               : STEP_FAILED;
}

static step ask_for_proof(struct call *c)
{
    struct binding *binding = binding_of(c);
    size_t proofs = call_metadata_count(c, "dpop");
    if (binding->is_claimed) {
        return binding->then(c); /* the same token and the same proof, decided on again */
    }
    if (credential_read(c).scheme != SCHEME_DPOP || proofs == 0) {
        return call_fail(c, R_TOKEN_PROOF_MISSING, "bound to a key, and %zu proofs", proofs);
    }
    /* RFC 9449 §4.3: there is not more than one. */
    return proofs > 1 ? call_fail(c, R_TOKEN_PROOF_INVALID, "%zu proofs", proofs)
                      : caller_need_platform(c, check_proof);
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
               ? binding_of(c)->then(c)
               : call_fail(c, R_TOKEN_PROOF_INVALID, "bound to another certificate");
}

step binding_check(struct call *c, bool is_senders, step_fn then)
{
    const struct token_claims *claims = caller_of(c)->identified.check.claims;
    bool is_dpop = is_senders && credential_read(c).scheme == SCHEME_DPOP;
    binding_of(c)->then = then;
    if (is_dpop && claims->binding != BINDING_DPOP) {
        return call_fail(c, R_TOKEN_UNBOUND, "sent as DPoP, and bound to no key");
    }
    switch (claims->binding) {
    case BINDING_NONE:
        break;
    case BINDING_MTLS:
        return check_certificate(c, claims);
    case BINDING_DPOP:
        return is_senders ? ask_for_proof(c)
                          : call_fail(c, R_TOKEN_TYPE, "a component can't prove a user's key");
    }
    return then(c);
}

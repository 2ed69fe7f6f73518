/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService.TestToken: what would this token be taken for, and why not for more?
 *
 * It goes the very way of a real call (identify.c), past all caches, and is not remembered as
 * verified either: what an admin tries out leaves nothing behind that a call could meet. Nothing of
 * the token is written to log or audit. */
#include "context/wait.h"
#include "identity/claims.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/scope.h"
#include "service/issuer/token_checks.h"

struct token_explanation {
    struct scope scope; /* first */
    struct identified tested;
    struct err problem; /* why the token is refused; R_NONE: it is not */
    struct lookup lookup;
    bool is_withheld; /* the token is none of the admin's business */
};

static struct token_explanation *explanation_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    const Chancery__V1__TestTokenRequest *request = test_token_request(c);
    scope_of(c)->tenant_name = "";
    return request->token[0] != '\0' ? STEP_NEXT
                                     : call_bad_field(c, "token", "A token is required.");
}

/* A component's token is good, and yet no user's. */
static void refuse_component(struct token_explanation *e)
{
    e->tested.check.stage = TOKEN_STAGE_ADDRESS;
    (void)err_raise(&e->problem, R_TOKEN_TYPE, __FILE__, __LINE__, "a component's token");
}

/* What is wrong with the token is the answer; what is wrong with us is a failure. */
static step identified(struct call *c)
{
    struct token_explanation *e = explanation_of(c);
    if (call_err(c)->reason == R_NONE) {
        if (identified_is_component(&e->tested)) {
            refuse_component(e);
        }
        return STEP_NEXT;
    }
    if (reason_info(call_err(c)->reason)->audit != AUDIT) {
        return STEP_FAILED;
    }
    call_forgive(c, &e->problem);
    return STEP_NEXT;
}

static step identify(struct call *c)
{
    const Chancery__V1__TestTokenRequest *request = test_token_request(c);
    struct token_explanation *e = explanation_of(c);
    e->tested.check.is_test = true;
    call_then_always(c, identified);
    return token_identify(c, &e->tested, slice_str(request->token));
}

static step mapping_found(struct call *c)
{
    struct token_explanation *e = explanation_of(c);
    const struct err *err = &e->lookup.op.err;
    if (err->reason != R_NONE && err->reason != R_NOT_FOUND) {
        return wait_failed(c, err);
    }
    e->is_withheld = !ID_EQ(e->lookup.tenant, e->scope.tenant_id);
    return STEP_NEXT;
}

/* The tenant that the token names, although it may not have proven to: whoever asks is that
 * tenant's admin. */
static step ask_mapping(struct call *c)
{
    struct token_explanation *e = explanation_of(c);
    const char *value = claims_tenant(&e->tested.check.token, e->tested.issuer);
    struct slice key = lookups_issuer_key(call_arena(c), e->tested.issuer->id, value);
    if (value[0] == '\0' || strlen(value) > TENANT_VALUE_MAX || key.len == 0) {
        e->is_withheld = true;
        return STEP_NEXT;
    }
    wait_store_init(c, &e->lookup.op);
    lookups_submit(&e->lookup, LOOKUP_TENANT_BY_MAPPING, key);
    return wait_store(c, mapping_found, &e->lookup.op);
}

/* A tenant's admin learns of that tenant's issuers, and of the platform's by tokens that name the
 * tenant. */
static step permit(struct call *c)
{
    struct token_explanation *e = explanation_of(c);
    const struct issuer *issuer = e->tested.issuer;
    if (scope_is_platform(c) || issuer == NULL || ID_EQ(issuer->tenant, e->scope.tenant_id)) {
        return STEP_NEXT;
    }
    if (issuer->kind == ISSUER_MULTI_TENANT) {
        return ask_mapping(c);
    }
    e->is_withheld = true;
    return STEP_NEXT;
}

static step reply(struct call *c)
{
    struct token_explanation *e = explanation_of(c);
    Chancery__V1__TestTokenResponse *r = test_token_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    step written = e->is_withheld ? token_checks_write_unknown(c, &e->tested, r)
                                  : token_checks_write(c, &e->tested, &e->problem, r);
    return step_failed(written) ? written : test_token_reply(c, r);
}

const struct flow test_token_flow = {
    .method = "/chancery.v1.IssuerService/TestToken",
    .name = "test_token",
    .state = FLOW_STATE_ON(struct token_explanation, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), SCOPE_STEP, STEP("identify", identify), STEP("permit", permit),
              STEP("reply", reply)},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* PasscodeService.VerifyPasscode: from the code that a reader has typed to a token (docs/policy.md §9).
 *
 *   parse    the passcode's id, the code
 *   find     what it is for, and whether this portal has started it
 *   tenant   the content's: does it work, and does it want passcodes?
 *   compare  with the code that its key derives
 *   try      count the try, use the passcode up, record it: the commit
 *   sign     the token
 *   reply
 *
 * A try is counted before anything is told of it, so of calls that come at once not one is free. */
#include "auth/boundary_guard.h"
#include "auth/facts.h"
#include "chancery/v1/passcode.pb-c.h"
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/passcode/passcode_refusal.h"
#include "wire/passcode_token.h"

enum { CODE_BYTES_MAX = 32 };

struct verify_passcode {
    struct uuid passcode;
    char code[CODE_BYTES_MAX + 1];
    size_t code_len;
    struct passcode_find find;
    bool is_found;
    const struct tenant_record *tenant;
    struct keys_op keys;
    struct passcode_try try;
};

static struct verify_passcode *state_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse ------------------------------------------------------------------------------------ */

/* People type what they see in groups. */
static void take_digits(struct verify_passcode *v, const char *typed)
{
    for (; *typed != '\0' && v->code_len < CODE_BYTES_MAX; typed++) {
        if (*typed != ' ' && *typed != '-') {
            v->code[v->code_len++] = *typed;
        }
    }
}

static step parse(struct call *c)
{
    const Chancery__V1__VerifyPasscodeRequest *request = verify_passcode_request(c);
    struct verify_passcode *v = state_of(c);
    step all = request_uuid_required(c, "passcode_id", request->passcode_id, &v->passcode);
    all = step_and(all, request_text(c, "code", request->code, CODE_BYTES_MAX));
    if (request->code[0] == '\0') {
        all = step_and(all, call_bad_field(c, "code", "It is required."));
    }
    if (step_failed(all)) {
        return STEP_FAILED;
    }
    take_digits(v, request->code);
    return STEP_NEXT;
}

/* --- find and tenant -------------------------------------------------------------------------- */

static step found(struct call *c)
{
    struct verify_passcode *v = state_of(c);
    if (v->find.op.err.reason == R_NOT_FOUND) {
        return call_fail(c, R_PASSCODE_ENDED, "no such passcode of this portal");
    }
    v->is_found = v->find.op.err.reason == R_NONE;
    return wait_over(c, &v->find.op.err);
}

static step find(struct call *c)
{
    struct verify_passcode *v = state_of(c);
    wait_store_init(c, &v->find.op);
    passcode_store_find(&v->find, v->passcode, caller_of(c)->subject.component.id);
    return wait_store(c, found, &v->find.op);
}

static step have_boundary(struct call *c)
{
    const struct tenant_view *tenant = &state_of(c)->tenant->view;
    if (tenant->state != TENANT_ACTIVE) {
        return call_fail(c, R_TENANT_DISABLED, "the content's");
    }
    return tenant->has_passcodes_off ? call_fail(c, R_PASSCODES_OFF, "of %s", tenant->name)
                                     : STEP_NEXT;
}

static step have_tenant(struct call *c)
{
    struct verify_passcode *v = state_of(c);
    v->tenant = caller_of(c)->found_tenant;
    return v->tenant == NULL ? call_fail(c, R_PASSCODE_ENDED, "its tenant is gone")
                             : boundary_guard_then(c, v->tenant->view.boundary, have_boundary);
}

static step tenant(struct call *c)
{
    return facts_need_tenant(c, state_of(c)->find.tenant, have_tenant);
}

/* --- compare ---------------------------------------------------------------------------------- */

static struct keys_ref ref_of(const struct tenant_record *tenant, const struct key_row *key)
{
    return (struct keys_ref){.tenant = tenant->view.id,
                             .boundary = tenant->view.boundary,
                             .purpose = key->purpose,
                             .version = key->version,
                             .wrapped = key->wrapped};
}

static step compared(struct call *c)
{
    return wait_over(c, &state_of(c)->keys.err);
}

static step compare(struct call *c)
{
    struct verify_passcode *v = state_of(c);
    const struct key_row *key = views_key(v->tenant, KEY_SEALING, v->find.key_version);
    if (key == NULL || (key->state != KEY_ACTIVE && key->state != KEY_ARCHIVED)) {
        return call_fail(c, R_PASSCODE_ENDED, "sealing key %u", v->find.key_version);
    }
    wait_keys_init(c, &v->keys);
    v->keys.sealing = ref_of(v->tenant, key);
    v->keys.content = v->find.content;
    v->keys.passcode = v->passcode;
    v->keys.address = v->find.address;
    v->keys.guess = slice_of(v->code, v->code_len);
    keys_check_passcode(&v->keys);
    return wait_keys(c, compared, &v->keys);
}

/* --- try -------------------------------------------------------------------------------------- */

static step tried(struct call *c)
{
    return wait_over(c, &state_of(c)->try.op.err);
}

static step try_it(struct call *c)
{
    struct verify_passcode *v = state_of(c);
    v->try = (struct passcode_try){.tenant = v->find.tenant,
                                   .passcode = v->passcode,
                                   .content = v->find.content,
                                   .address = v->find.address,
                                   .is_right = v->keys.is_passcode,
                                   .who = caller_of(c)->who};
    wait_store_init(c, &v->try.op);
    passcode_store_try(&v->try);
    return wait_store(c, tried, &v->try.op);
}

/* --- sign and reply --------------------------------------------------------------------------- */

static step have_token(struct call *c)
{
    return wait_over(c, &state_of(c)->keys.err);
}

/* Bound to the portal's certificate, if it has come by one. */
static step sign(struct call *c)
{
    struct verify_passcode *v = state_of(c);
    const struct caller *caller = caller_of(c);
    const struct key_row *key = views_key(v->tenant, KEY_SIGNING, 0);
    bool has_certificate = caller->component_binding == BINDING_MTLS;
    struct passcode_token token = {
        .authority_url =
            boundary_authority_url(c, caller->found_platform, v->tenant->view.boundary),
        .tenant = v->find.tenant,
        .passcode = v->passcode,
        .content = v->find.content,
        .address = v->find.address,
        .portal = caller->subject.component.id,
        .certificate = has_certificate ? call_peer_fingerprint(c) : SLICE_NONE,
        .now = call_now(c),
    };
    if (key == NULL) {
        return call_fail(c, R_INTERNAL, "no active signing key");
    }
    wait_keys_init(c, &v->keys);
    v->keys.signing = ref_of(v->tenant, key);
    if (!passcode_token_claims(call_arena(c), &token, &v->keys.claims, call_err(c)).ok) {
        return STEP_FAILED;
    }
    keys_sign_passcode(&v->keys);
    return wait_keys(c, have_token, &v->keys);
}

static step reply(struct call *c)
{
    struct verify_passcode *v = state_of(c);
    Chancery__V1__VerifyPasscodeResponse *r = verify_passcode_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->token = reply_slice(c, v->keys.passcode_token);
    r->expire_time = reply_time(c, (call_now(c).s + PASSCODE_TOKEN_S) * 1000000);
    return r->token == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "reply")
                            : verify_passcode_reply(c, r);
}

static step refused(struct call *c)
{
    const struct verify_passcode *v = state_of(c);
    bool is_ours =
        v->is_found && v->tenant != NULL && boundary_is_served(c, v->tenant->view.boundary);
    return is_ours
               ? passcode_refusal_record(c, &(struct passcode_refusal){.tenant = v->find.tenant,
                                                                       .content = v->find.content,
                                                                       .address = v->find.address})
               : decision_log_refusal(c);
}

const struct flow verify_passcode_flow = {
    .method = "/chancery.v1.PasscodeService/VerifyPasscode",
    .name = "verify_passcode",
    .state = FLOW_STATE(struct verify_passcode),
    .steps = {STEP("parse", parse), STEP("find", find), STEP("tenant", tenant),
              STEP("compare", compare), COMMIT("try", try_it), STEP("sign", sign),
              STEP("reply", reply)},
    .on_refusal = refused,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* DeviceService.RegisterDevice: the key of one's own device, or by way of a gateway that of one's mailbox there
 * (docs/policy.md §8.9).
 *
 *   parse     name, days
 *   tenant    is the person of one?
 *   scope     that tenant, which this node serves
 *   member    are they a member, with a credential that nobody can have stolen by itself?
 *   proof     is the key held? (identity/device_proof.h)
 *   register  the device and its record: the commit
 *   reply */
#include "auth/facts.h"
#include "auth/own_addresses.h"
#include "context/wait.h"
#include "domain/relations/vouching.h"
#include "identity/device_proof.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "service/device/device_message.h"

enum { DAYS_MAX = 90 };

struct register_device {
    struct scope scope; /* first */
    struct device_register put;
};

static struct register_device *state_of(const struct call *c)
{
    return call_state(c);
}

/* --- parse ------------------------------------------------------------------------------------ */

static step parse(struct call *c)
{
    const Chancery__V1__RegisterDeviceRequest *request = register_device_request(c);
    struct register_device *r = state_of(c);
    scope_of(c)->tenant_name = "";
    r->put.row.display_name = request->display_name;
    r->put.days = request->days == 0 ? DAYS_MAX : request->days;
    step all = request_text(c, "display_name", request->display_name, DISPLAY_NAME_MAX);
    if (request->days < 0 || request->days > DAYS_MAX) {
        all = step_and(all, call_bad_field(c, "days", "It must be 1 to 90; 0 means 90."));
    }
    return request->proof[0] == '\0' ? step_and(all, call_bad_field(c, "proof", "It is required."))
                                     : all;
}

/* --- member ----------------------------------------------------------------------------------- */

/* What is registered outlives the token, so whoever has stolen one must not get anything by it. A gateway of the tenant
 * itself stands for its user by its own credential, as at every other call. */
static bool is_bound(const struct caller *caller)
{
    return caller->user->check.claims->binding != BINDING_NONE ||
           (caller->component_binding != BINDING_NONE && vouching_binds(&caller->subject));
}

static step member(struct call *c)
{
    const struct caller *caller = caller_of(c);
    if (step_failed(device_check_member(c))) {
        return STEP_FAILED;
    }
    return is_bound(caller) ? STEP_NEXT : call_fail(c, R_DEVICE_DENIED, "an unbound token");
}

/* --- proof ------------------------------------------------------------------------------------ */

static const char *why(enum device_proof_flaw flaw)
{
    switch (flaw) {
    case DEVICE_PROOF_SOUND:
    case DEVICE_PROOF_FORM:
        break;
    case DEVICE_PROOF_KEY:
        return "Its header must carry the public key (jwk) without use and alg: EC P-256 or P-384, "
               "or RSA of 2,048 to 8,192 bits.";
    case DEVICE_PROOF_SIGNATURE:
        return "It must be signed with the key that it carries.";
    case DEVICE_PROOF_AUDIENCE:
        return "Its `aud` must be this authority's address, as /.well-known/chancery says it.";
    case DEVICE_PROOF_TOKEN:
        return "Its `ath` must be the SHA-256 of the person's token, in base64url.";
    case DEVICE_PROOF_TIME:
        return "Its `iat` must lie in the last 10 minutes; check the clocks.";
    }
    return "It must be a compact JWS of type " DEVICE_PROOF_TYP ".";
}

static step check_proof(struct call *c)
{
    struct device_row *row = &state_of(c)->put.row;
    enum device_proof_flaw flaw;
    struct device_proof_question question = {
        .proof = slice_str(register_device_request(c)->proof),
        .token = caller_of(c)->user->text,
        .now = call_now(c),
    };
    question.urls = own_addresses(c, &question.url_count);
    if (question.urls == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "addresses");
    }
    if (device_proof_check(call_arena(c), &question, &row->public_jwk, &row->thumbprint, &flaw,
                           call_err(c))
            .ok) {
        return STEP_NEXT;
    }
    if (call_err(c)->reason == R_ARENA_EXHAUSTED) {
        return STEP_FAILED;
    }
    err_clear(call_err(c));
    return call_bad_field(c, "proof", why(flaw));
}

static step proof(struct call *c)
{
    return facts_need_platform(c, check_proof);
}

/* --- register --------------------------------------------------------------------------------- */

static step registered(struct call *c)
{
    return wait_over(c, &state_of(c)->put.op.err);
}

/* By which identity providers may name the person later; NULL over budget. */
static const char *subject_of(struct call *c)
{
    const struct token_check *check = &caller_of(c)->user->check;
    const char *sub = check->claims->subject;
    return sub[0] == '\0' ? "" : signal_subject_name(call_arena(c), check->token.iss, sub);
}

static step put_device(struct call *c)
{
    const struct caller *caller = caller_of(c);
    struct device_register *put = &state_of(c)->put;
    bool is_mailbox = subject_has_component(&caller->subject);
    put->tenant = scope_of(c)->tenant_id;
    put->row.address = caller->who.user;
    put->row.component = caller->subject.component.id;
    put->issuer_of = caller->user->issuer->tenant;
    put->issuer = caller->user->issuer->id;
    put->subject = subject_of(c);
    put->who = caller->who;
    put->target = arena_printf(call_arena(c), "%s%s", put->row.thumbprint,
                               is_mailbox ? ", a mailbox at this gateway" : "");
    if (put->subject == NULL || put->target == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "target");
    }
    wait_store_init(c, &put->op);
    device_store_register(put);
    return wait_store(c, registered, &put->op);
}

static step reply(struct call *c)
{
    return reply_message(c, device_message_write(c, &state_of(c)->put.row));
}

const struct flow register_device_flow = {
    .method = "/chancery.v1.DeviceService/RegisterDevice",
    .name = "register_device",
    .state = FLOW_STATE_ON(struct register_device, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), STEP("tenant", device_tenant), SCOPE_TENANT_STEP,
              STEP("member", member), STEP("proof", proof), COMMIT("register", put_device),
              STEP("reply", reply)},
};

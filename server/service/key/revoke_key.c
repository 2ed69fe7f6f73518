/* SPDX-License-Identifier: Apache-2.0 */
/* KeyService.RevokeKey and CancelDestroyKey. Neither lets anybody in or takes anything away for ever, so they wait for no second
 * admin. */
#include <inttypes.h>

#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "service/key/key_change.h"

struct revocation {
    struct scope scope; /* first */
    struct key_change change;
    enum key_act act;
};

static struct revocation *state_of(const struct call *c)
{
    return call_state(c);
}

static step read(struct call *c, const char *tenant, const struct key_request *request,
                 enum key_act act)
{
    scope_of(c)->tenant_name = tenant;
    state_of(c)->act = act;
    return key_change_read_version(c, request, &state_of(c)->change);
}

static step parse_revoke(struct call *c)
{
    const Chancery__V1__RevokeKeyRequest *r = revoke_key_request(c);
    return read(
        c, r->tenant,
        &(struct key_request){
            .purpose = r->purpose, .version = r->version, .reason = r->reason, .etag = r->etag},
        KEY_REVOKE);
}

static step parse_cancel(struct call *c)
{
    const Chancery__V1__CancelDestroyKeyRequest *r = cancel_destroy_key_request(c);
    return read(
        c, r->tenant,
        &(struct key_request){
            .purpose = r->purpose, .version = r->version, .reason = r->reason, .etag = r->etag},
        KEY_CANCEL_DESTROY);
}

static step found(struct call *c)
{
    struct revocation *r = state_of(c);
    if (step_failed(key_change_check(c, &r->change, r->act))) {
        return STEP_FAILED;
    }
    return key_change_tell(c, &r->change,
                           arena_printf(call_arena(c), "%s key %" PRIu32,
                                        key_purpose_name(r->change.purpose), r->change.version));
}

static step look(struct call *c)
{
    return key_change_find(c, &state_of(c)->change, found);
}

static step changed(struct call *c)
{
    const struct err *err = &scope_of(c)->op.op.err;
    bool is_late = err->reason == R_NOT_FOUND || err->reason == R_ALREADY_EXISTS;
    return is_late ? call_fail(c, R_ETAG_MISMATCH, "changed meanwhile") : wait_over(c, err);
}

static step change(struct call *c)
{
    const struct revocation *r = state_of(c);
    struct change_op *op = scope_begin(c);
    struct key_state_change is = key_change_of(&r->change, r->act, 0);
    key_store_change(op, &is);
    return wait_store(c, changed, &op->op);
}

static step reply(struct call *c)
{
    return reply_message(c, key_message_write(c, scope_of(c)->op.key));
}

const struct flow revoke_key_flow = {
    .method = "/chancery.v1.KeyService/RevokeKey",
    .name = "revoke_key",
    .state = FLOW_STATE_ON(struct revocation, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_revoke), SCOPE_TENANT_STEP, STEP("look", look),
              COMMIT("revoke", change), STEP("reply", reply)},
};

const struct flow cancel_destroy_key_flow = {
    .method = "/chancery.v1.KeyService/CancelDestroyKey",
    .name = "cancel_destroy_key",
    .state = FLOW_STATE_ON(struct revocation, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_cancel), SCOPE_TENANT_STEP, STEP("look", look),
              COMMIT("cancel", change), STEP("reply", reply)},
};

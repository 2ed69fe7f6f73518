/* SPDX-License-Identifier: Apache-2.0 */
/* KeyService.RestoreKey, by which content opens again, ActivateKey, by which a version seals and signs again that may be known
 * outside by now, and DestroyKey, after which content never opens: each waits for a second admin where the tenant requires one. A destruction is carried out by daemon/sweep.c when it is due. */
#include <inttypes.h>

#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/key/key_change.h"

struct key_act_value {
    struct key_change change;
    enum key_act act;
    uint32_t days;
};

static struct key_act_value *value_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step found(struct call *c)
{
    struct key_act_value *v = value_of(c);
    struct key_change *change = &v->change;
    if (step_failed(key_change_check(c, change, v->act))) {
        return STEP_FAILED;
    }
    const char *name = key_purpose_name(change->purpose);
    return key_change_tell(
        c, change,
        v->act == KEY_DESTROY
            ? arena_printf(call_arena(c), "%s key %" PRIu32 " in %" PRIu32 " days", name,
                           change->version, v->days)
            : arena_printf(call_arena(c), "%s key %" PRIu32, name, change->version));
}

static step read(struct call *c, const struct key_request *request, enum key_act act)
{
    struct key_act_value *v = value_of(c);
    v->act = act;
    return step_failed(key_change_read_version(c, request, &v->change))
               ? STEP_FAILED
               : key_change_find(c, &v->change, found);
}

static void perform(struct change_op *op, const void *value)
{
    const struct key_act_value *v = value;
    struct key_state_change is = key_change_of(&v->change, v->act, v->days);
    key_store_change(op, &is);
}

static void *write_key(struct call *c)
{
    return key_message_write(c, scope_of(c)->op.key);
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_key);
}

/* --- RestoreKey ------------------------------------------------------------------------------- */

static step parse_restore(struct call *c)
{
    const Chancery__V1__RestoreKeyRequest *request = restore_key_request(c);
    approvable_of(c)->act = &restore_key_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step check_restore(struct call *c)
{
    const Chancery__V1__RestoreKeyRequest *r = approvable_of(c)->request;
    return read(
        c,
        &(struct key_request){
            .purpose = r->purpose, .version = r->version, .reason = r->reason, .etag = r->etag},
        KEY_RESTORE);
}

static const char *summary_of_restore(struct call *c)
{
    return arena_printf(call_arena(c), "Let content open again by %s", value_of(c)->change.target);
}

const struct approvable_act restore_key_act = {
    .name = "restore_key",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__restore_key_request__descriptor,
    .value_size = sizeof(struct key_act_value),
    .check = check_restore,
    .summary = summary_of_restore,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH,
};

const struct flow restore_key_flow = {
    .method = "/chancery.v1.KeyService/RestoreKey",
    .name = "restore_key",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse_restore), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("restore"), STEP("reply", reply)},
};

/* --- ActivateKey ------------------------------------------------------------------------------ */

static step parse_activate(struct call *c)
{
    const Chancery__V1__ActivateKeyRequest *request = activate_key_request(c);
    approvable_of(c)->act = &activate_key_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step check_activate(struct call *c)
{
    const Chancery__V1__ActivateKeyRequest *r = approvable_of(c)->request;
    return read(
        c,
        &(struct key_request){
            .purpose = r->purpose, .version = r->version, .reason = r->reason, .etag = r->etag},
        KEY_ACTIVATE);
}

static const char *summary_of_activate(struct call *c)
{
    return arena_printf(call_arena(c), "Seal and sign again by %s", value_of(c)->change.target);
}

const struct approvable_act activate_key_act = {
    .name = "activate_key",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__activate_key_request__descriptor,
    .value_size = sizeof(struct key_act_value),
    .check = check_activate,
    .effect = key_change_opens,
    .summary = summary_of_activate,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH,
    .taken = R_ETAG_MISMATCH,
};

const struct flow activate_key_flow = {
    .method = "/chancery.v1.KeyService/ActivateKey",
    .name = "activate_key",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse_activate), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("activate"), STEP("reply", reply)},
};

/* --- DestroyKey ------------------------------------------------------------------------------- */

static step parse_destroy(struct call *c)
{
    const Chancery__V1__DestroyKeyRequest *request = destroy_key_request(c);
    approvable_of(c)->act = &destroy_key_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step check_destroy(struct call *c)
{
    const Chancery__V1__DestroyKeyRequest *r = approvable_of(c)->request;
    uint32_t days = r->delay_days == 0 ? KEY_DESTROY_DAYS_DEFAULT : r->delay_days;
    if (days < KEY_DESTROY_DAYS_MIN || days > KEY_DESTROY_DAYS_MAX) {
        return call_bad_field(c, "delay_days", "It is 7 to 90; 0 means 30.");
    }
    if (step_failed(request_reason_given(c, r->reason))) {
        return STEP_FAILED;
    }
    value_of(c)->days = days;
    return read(
        c,
        &(struct key_request){
            .purpose = r->purpose, .version = r->version, .reason = r->reason, .etag = r->etag},
        KEY_DESTROY);
}

static const char *summary_of_destroy(struct call *c)
{
    return arena_printf(call_arena(c), "Destroy for ever %s", value_of(c)->change.target);
}

const struct approvable_act destroy_key_act = {
    .name = "destroy_key",
    .operation = APPROVAL_DESTROY_KEY,
    .request = &chancery__v1__destroy_key_request__descriptor,
    .value_size = sizeof(struct key_act_value),
    .check = check_destroy,
    .summary = summary_of_destroy,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH,
};

const struct flow destroy_key_flow = {
    .method = "/chancery.v1.KeyService/DestroyKey",
    .name = "destroy_key",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse_destroy), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("destroy"), STEP("reply", reply)},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* KeyService.ExportKeys: a tenant's keys leave, to a key of the customer's.
 *
 *   check    to whom, and by which approval
 *   export   record it and read the keys, in one statement; or ask a second admin
 *   seal     them to the customer's key
 *
 * What is approved is that these keys may leave to this key, and not what the answer is: nothing that is sealed to the
 * customer rests here. So who asked asks once more, with the approval. */
#include <inttypes.h>

#include "base/encode.h"
#include "context/wait.h"
#include "crypto/jwk.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/key/key_change.h"
#include "wire/pb.h"

struct export_value {
    const struct client_key *recipient;
    const char *target;  /* "all keys to the key THUMBPRINT: why" */
    const char *allowed; /* the same of its approval, by which nothing leaves yet */
    struct approval_id approval;
    struct slice request; /* as it was approved */
    bool is_allowing;     /* it is being approved */
};

struct export_keys {
    struct approvable approvable; /* first */
    struct keys_op keys;
};

static struct export_value *value_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__ExportKeysRequest *request = export_keys_request(c);
    approvable_of(c)->act = &export_keys_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static step read_recipient(struct call *c, const Chancery__V1__ExportKeysRequest *r)
{
    struct export_value *v = value_of(c);
    struct jwk_public *key = NULL;
    struct slice jwk = slice_str(r->recipient_public_jwk);
    if (!keys_read_client(services_of(c)->keys, call_arena(c), jwk, &v->recipient, call_err(c))
             .ok ||
        !jwk_public_parse(jwk, R_CLIENT_KEY_INVALID, &key, call_err(c)).ok) {
        return STEP_FAILED;
    }
    const char *thumbprint = base64url_dup(call_arena(c), jwk_thumbprint(key));
    jwk_public_free(key);
    v->target = thumbprint == NULL ? NULL
                                   : arena_printf(call_arena(c), "all keys to the key %s: %s",
                                                  thumbprint, r->reason);
    v->allowed = v->target == NULL ? NULL : arena_printf(call_arena(c), "allowed: %s", v->target);
    return v->allowed == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "target") : STEP_NEXT;
}

/* The request as it was asked for and approved. */
static step read_approved(struct call *c, const Chancery__V1__ExportKeysRequest *r)
{
    Chancery__V1__ExportKeysRequest asked = *r;
    asked.approval_id = reply_text("");
    return step_from(pb_pack(call_arena(c), &asked.base, &value_of(c)->request, call_err(c)));
}

static step check(struct call *c)
{
    const Chancery__V1__ExportKeysRequest *r = approvable_of(c)->request;
    struct export_value *v = value_of(c);
    v->is_allowing = approvable_of(c)->approving != NULL;
    step all = request_reason_given(c, r->reason);
    all = step_and(all, request_text(c, "reason", r->reason, REASON_TEXT_MAX));
    all = step_and(all, request_uuid(c, "approval_id", r->approval_id, &v->approval.u));
    return step_failed(all) || step_failed(read_recipient(c, r)) ? STEP_FAILED
                                                                 : read_approved(c, r);
}

/* --- the act ---------------------------------------------------------------------------------- */

/* Who has the keys opens all content. What was approved waits no more: the store looks at the approval. */
static uint32_t effect(struct call *c)
{
    return ID_IS_ZERO(value_of(c)->approval) ? key_change_opens(c) : 0;
}

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c), "Export %s", value_of(c)->target);
}

static void perform(struct change_op *op, const void *value)
{
    const struct export_value *v = value;
    if (v->is_allowing) {
        key_store_allow_export(op, v->allowed);
        return;
    }
    key_store_export(op, &(struct key_export_order){
                             .approval = v->approval, .request = v->request, .target = v->target});
}

const struct approvable_act export_keys_act = {
    .name = "export_keys",
    .operation = APPROVAL_EXPORT_KEYS,
    .request = &chancery__v1__export_keys_request__descriptor,
    .value_size = sizeof(struct export_value),
    .check = check,
    .effect = effect,
    .summary = summary,
    .perform = perform,
};

/* --- seal ------------------------------------------------------------------------------------- */

static struct export_keys *state_of(const struct call *c)
{
    return call_state(c);
}

static step sealed(struct call *c)
{
    return wait_over(c, &state_of(c)->keys.err);
}

static step seal(struct call *c)
{
    struct keys_op *op = &state_of(c)->keys;
    const struct key_exports *exports = scope_of(c)->op.exports;
    if (!ID_IS_ZERO(approvable_of(c)->asked)) {
        return STEP_NEXT;
    }
    struct keys_exported *all = ARENA_ARRAY(call_arena(c), struct keys_exported, exports->count);
    if (all == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "%zu keys", exports->count);
    }
    for (size_t i = 0; i < exports->count; i++) {
        const struct key_export_row *row = &exports->rows[i];
        all[i] = (struct keys_exported){.ref = {.tenant = scope_of(c)->tenant_id,
                                                .boundary = exports->boundary,
                                                .purpose = row->purpose,
                                                .version = row->version,
                                                .wrapped = row->wrapped},
                                        .is_active = row->is_active};
    }
    wait_keys_init(c, op);
    op->tenant = scope_of(c)->tenant_id;
    op->boundary = exports->boundary;
    op->client = value_of(c)->recipient;
    op->exporting = all;
    op->exporting_count = exports->count;
    keys_export(op);
    return wait_keys(c, sealed, op);
}

static step reply(struct call *c)
{
    Chancery__V1__ExportKeysResponse *r = export_keys_response(c);
    const struct key_exports *exports = scope_of(c)->op.exports;
    struct approval_id asked = approvable_of(c)->asked;
    char *id = reply_uuid(c, asked.u);
    if (r == NULL || id == NULL) {
        return reply_over_budget(c);
    }
    r->approval_id = id;
    if (ID_IS_ZERO(asked)) {
        r->key_set = reply_slice(c, state_of(c)->keys.key_set);
        r->versions = (int32_t)exports->count;
        r->left_out = (int32_t)exports->left_out;
    }
    return r->key_set == NULL ? reply_over_budget(c) : export_keys_reply(c, r);
}

const struct flow export_keys_flow = {
    .method = "/chancery.v1.KeyService/ExportKeys",
    .name = "export_keys",
    .state = FLOW_STATE_ON(struct export_keys, BASE_SCOPE | BASE_APPROVABLE, struct approvable,
                           approvable),
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("export"), STEP("seal", seal), STEP("reply", reply)},
};

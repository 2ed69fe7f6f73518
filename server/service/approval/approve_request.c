/* SPDX-License-Identifier: Apache-2.0 */
/* ApprovalService.ApproveRequest: a second admin approves, and with that performs, what a first one
 * asked for.
 *
 *   find     the request, if it waits, and if this admin is another one than the asker
 *   check    the stored message once more, as its own method would
 *   perform  mark it as approved and do it, in one transaction
 *
 * What is performed is what the approver could read: when the same message would say or change
 * something else by now, it is refused. */
#include "chancery/v1/approval.pb-c.h"
#include "context/wait.h"
#include "domain/decide/decide_approval.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "wire/pb.h"

struct approve {
    struct approvable approvable; /* first */
    struct approval_list list;
};

static struct approve *approve_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    const Chancery__V1__ApproveRequestRequest *request = approve_request_request(c);
    scope_of(c)->tenant_name = "";
    return request_uuid_required(c, "approval_id", request->approval_id,
                                 &approve_of(c)->list.only.u);
}

/* --- find ------------------------------------------------------------------------------------- */

static step take_request(struct call *c, const struct approval_row *row)
{
    struct approvable *f = approvable_of(c);
    ProtobufCMessage *message = NULL;
    f->act = approvable_act_find(c, row->act);
    if (f->act == NULL) {
        return call_fail(c, R_PRECONDITION_FAILED, "no act %s in this version", row->act);
    }
    if (!pb_unpack(call_arena(c), f->act->request, row->request, &message, call_err(c)).ok) {
        return STEP_FAILED;
    }
    f->request = message;
    f->approving = row;
    f->scope.is_for_platform = row->asker_role == ROLE_PLATFORM_ADMIN;
    return STEP_NEXT;
}

static step found(struct call *c)
{
    struct approve *a = approve_of(c);
    if (a->list.op.err.reason != R_NONE) {
        return wait_failed(c, &a->list.op.err);
    }
    if (a->list.count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such request");
    }
    const struct approval_row *row = &a->list.rows[0];
    if (row->state != APPROVAL_PENDING) {
        return call_fail(c, R_PRECONDITION_FAILED, "state %d", row->state);
    }
    const struct approval_party approver = {.component = caller_of(c)->subject.component.id,
                                            .fingerprint = call_peer_fingerprint(c),
                                            .registered_at = row->reader_registered_at};
    if (!decide_approval(row->requested_at, &row->asker, &approver)) {
        return call_fail(c, R_APPROVER_NOT_INDEPENDENT, "asked by %s", row->asker_name);
    }
    return take_request(c, row);
}

static step find(struct call *c)
{
    struct approval_list *list = &approve_of(c)->list;
    list->tenant = scope_of(c)->tenant_id;
    list->limit = 1;
    list->request_max = APPROVAL_REQUEST_MAX;
    list->with_secret = true;
    list->reader = caller_of(c)->subject.component.id;
    wait_store_init(c, &list->op);
    approval_store_list(list);
    return wait_store(c, found, &list->op);
}

/* --- perform ---------------------------------------------------------------------------------- */

static step performed(struct call *c)
{
    return approvable_settle(c, R_PRECONDITION_FAILED);
}

static step perform(struct call *c)
{
    struct approvable *f = approvable_of(c);
    struct approval_row now = {0};
    if (step_failed(approvable_describe(c, &now))) {
        return STEP_FAILED;
    }
    if (!slice_eq(now.digest, f->approving->digest)) {
        return call_fail(c, R_PRECONDITION_FAILED, "it would mean something else by now");
    }
    struct change_op *op = approvable_begin(c);
    op->approval.request = f->approving->id;
    op->approval.asked_by = f->approving->asker_name;
    f->act->perform(op, f->value);
    return wait_store(c, performed, &op->op);
}

const struct flow approve_request_flow = {
    .method = "/chancery.v1.ApprovalService/ApproveRequest",
    .name = "approve_request",
    .state =
        FLOW_STATE_ON(struct approve, BASE_SCOPE | BASE_APPROVABLE, struct approvable, approvable),
    .steps = {STEP("parse", parse), SCOPE_STEP, STEP("find", find), APPROVABLE_CHECK,
              COMMIT("perform", perform), STEP("reply", reply_empty)},
};

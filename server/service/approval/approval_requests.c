/* SPDX-License-Identifier: Apache-2.0 */
/* ApprovalService: ListApprovals, GetApproval, RejectRequest, WithdrawRequest. */
#include "chancery/v1/approval.pb-c.h"
#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "wire/message_text.h"
#include "wire/pb.h"

/* In lists, what would make them long is left to GetApproval. */
enum { LIST_REQUEST_MAX = 512, LIST_CHANGES_MAX = 4 };

struct approvals {
    struct scope scope; /* first */
    struct page page;
    struct approval_list list;
};

static struct approvals *approvals_of(const struct call *c)
{
    return call_state(c);
}

static step parse_one(struct call *c, const char *tenant, const char *id)
{
    struct approvals *s = approvals_of(c);
    s->scope.tenant_name = tenant;
    s->list.limit = 1;
    s->list.request_max = APPROVAL_REQUEST_MAX;
    s->list.changes_max = APPROVAL_CHANGES_MAX;
    return request_uuid_required(c, "approval_id", id, &s->list.only.u);
}

static step listed(struct call *c)
{
    return wait_over(c, &approvals_of(c)->list.op.err);
}

static step list(struct call *c)
{
    struct approvals *s = approvals_of(c);
    s->list.tenant = s->scope.tenant_id;
    wait_store_init(c, &s->list.op);
    approval_store_list(&s->list);
    return wait_store(c, listed, &s->list.op);
}

/* --- messages --------------------------------------------------------------------------------- */

/* The request as text; "" for an act that this version does not know, and where it was left out. */
static const char *request_json(struct call *c, const struct approval_row *row)
{
    const struct approvable_act *act = approvable_act_find(c, row->act);
    ProtobufCMessage *message = NULL;
    const char *text = "";
    if (act == NULL || row->request.len == 0 ||
        !pb_unpack(call_arena(c), act->request, row->request, &message, NULL).ok ||
        !message_to_json(call_arena(c), message, false, false, &text, NULL).ok) {
        return "";
    }
    return text;
}

static bool write_changes(struct call *c, const struct approval_row *row,
                          Chancery__V1__Approval *out)
{
    out->changes =
        ARENA_ARRAY(call_arena(c), Chancery__V1__ApprovalChange *, row->change_count + 1);
    out->changes_left_out = row->changes_left_out;
    for (size_t i = 0; out->changes != NULL && i < row->change_count; i++) {
        Chancery__V1__ApprovalChange *change =
            call_message(c, &chancery__v1__approval_change__descriptor);
        if (change == NULL) {
            return false;
        }
        change->field = reply_text(row->changes[i].field);
        change->before = reply_text(row->changes[i].before);
        change->after = reply_text(row->changes[i].after);
        out->changes[out->n_changes++] = change;
    }
    return out->changes != NULL;
}

static Chancery__V1__Approval *write_approval(struct call *c, const struct approval_row *row)
{
    Chancery__V1__Approval *a = call_message(c, &chancery__v1__approval__descriptor);
    if (a == NULL) {
        return NULL;
    }
    a->approval_id = reply_text(reply_uuid(c, row->id.u));
    a->operation = (Chancery__V1__ApprovalOperation)row->operation;
    a->summary = reply_text(row->summary);
    a->request_json = reply_text(request_json(c, row));
    a->requested_by = reply_text(row->asker_name);
    a->request_time = reply_time(c, row->requested_at);
    a->expire_time = reply_time(c, row->expires_at);
    a->state = (Chancery__V1__ApprovalState)row->state;
    a->decided_by = reply_text(row->decider_name);
    a->decide_time = reply_time(c, row->decided_at);
    a->digest = reply_bytes(row->digest);
    return write_changes(c, row, a) ? a : NULL;
}

/* --- ListApprovals ---------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListApprovalsRequest *request = list_approvals_request(c);
    struct page *page = &approvals_of(c)->page;
    struct approval_list *l = &approvals_of(c)->list;
    scope_of(c)->tenant_name = request->tenant;
    if (step_failed(page_read(c, page)) || step_failed(page_after_uuid(c, page, &l->after.u)) ||
        step_failed(request_count(c, "states", request->n_states, 0, APPROVAL_STATES_MAX))) {
        return STEP_FAILED;
    }
    l->limit = page_limit(page);
    l->request_max = LIST_REQUEST_MAX;
    l->changes_max = LIST_CHANGES_MAX;
    l->states[0] = APPROVAL_PENDING;
    l->state_count = request->n_states == 0 ? 1 : request->n_states;
    for (size_t i = 0; i < request->n_states; i++) {
        l->states[i] = (enum approval_state)request->states[i];
        if (l->states[i] < APPROVAL_PENDING || l->states[i] > APPROVAL_CANCELED) {
            return call_bad_field(c, "states", "A state is unknown.");
        }
    }
    return STEP_NEXT;
}

static void *write_row(struct call *c, size_t row)
{
    return write_approval(c, &approvals_of(c)->list.rows[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_of(&approvals_of(c)->list.rows[row].id, sizeof(struct approval_id));
}

static step reply_list(struct call *c)
{
    struct approvals *s = approvals_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__approval__descriptor,
                                            .count = s->list.count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = s->list.op.is_cut};
    return page_send(c, &s->page, &rows, reply_list);
}

const struct flow list_approvals_flow = {
    .method = "/chancery.v1.ApprovalService/ListApprovals",
    .name = "list_approvals",
    .state = FLOW_STATE_ON(struct approvals, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_list)},
};

/* --- GetApproval ------------------------------------------------------------------------------ */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetApprovalRequest *request = get_approval_request(c);
    return parse_one(c, request->tenant, request->approval_id);
}

static step reply_get(struct call *c)
{
    const struct approval_list *l = &approvals_of(c)->list;
    return l->count == 0 ? call_fail(c, R_NOT_FOUND, "no such request")
                         : reply_message(c, write_approval(c, &l->rows[0]));
}

const struct flow get_approval_flow = {
    .method = "/chancery.v1.ApprovalService/GetApproval",
    .name = "get_approval",
    .state = FLOW_STATE_ON(struct approvals, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_get)},
};

/* --- RejectRequest and WithdrawRequest -------------------------------------------------------- */

static step parse_reject(struct call *c)
{
    const Chancery__V1__RejectRequestRequest *request = reject_request_request(c);
    return parse_one(c, "", request->approval_id);
}

static step parse_withdraw(struct call *c)
{
    const Chancery__V1__WithdrawRequestRequest *request = withdraw_request_request(c);
    return parse_one(c, request->tenant, request->approval_id);
}

static bool is_asker(struct call *c)
{
    const struct approval_row *row = &approvals_of(c)->list.rows[0];
    return ID_EQ(row->asker.component, caller_of(c)->subject.component.id);
}

/* Pending when it was looked at; somebody may have been quicker. */
static step closed(struct call *c)
{
    const struct err *err = &scope_of(c)->op.op.err;
    return err->reason == R_NOT_FOUND ? call_fail(c, R_PRECONDITION_FAILED, "not pending")
                                      : wait_over(c, err);
}

static step close_request(struct call *c, enum approval_state state)
{
    if (approvals_of(c)->list.count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such request");
    }
    struct change_op *op = scope_begin(c);
    approval_store_close(op, approvals_of(c)->list.only, state);
    return wait_store(c, closed, &op->op);
}

/* Who asked takes it back instead; either way nothing is done. */
static step reject(struct call *c)
{
    if (approvals_of(c)->list.count == 1 && is_asker(c)) {
        return call_fail(c, R_APPROVER_NOT_INDEPENDENT, "who asked rejects");
    }
    return close_request(c, APPROVAL_REJECTED);
}

static step withdraw(struct call *c)
{
    if (approvals_of(c)->list.count == 1 && !is_asker(c)) {
        return call_fail(c, R_COMPONENT_ROLE, "only who asked may withdraw");
    }
    return close_request(c, APPROVAL_WITHDRAWN);
}

const struct flow reject_request_flow = {
    .method = "/chancery.v1.ApprovalService/RejectRequest",
    .name = "reject_request",
    .state = FLOW_STATE_ON(struct approvals, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_reject), SCOPE_TENANT_STEP, STEP("find", list),
              COMMIT("reject", reject), STEP("reply", reply_empty)},
};

const struct flow withdraw_request_flow = {
    .method = "/chancery.v1.ApprovalService/WithdrawRequest",
    .name = "withdraw_request",
    .state = FLOW_STATE_ON(struct approvals, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_withdraw), SCOPE_TENANT_STEP, STEP("find", list),
              COMMIT("withdraw", withdraw), STEP("reply", reply_empty)},
};

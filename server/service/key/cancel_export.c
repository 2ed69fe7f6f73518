/* SPDX-License-Identifier: Apache-2.0 */
/* KeyService.CancelExport: an approved export is taken back while keys may leave by it. It lets nobody in, so any admin of the
 * tenant does it alone. */
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "service/key/key_change.h"
#include "store/resource/approval_store.h"

struct cancel_export {
    struct scope scope; /* first */
    struct approval_list found;
};

static struct cancel_export *state_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    const Chancery__V1__CancelExportRequest *request = cancel_export_request(c);
    scope_of(c)->tenant_name = request->tenant;
    step all = request_text(c, "reason", request->reason, REASON_TEXT_MAX);
    return step_and(all, request_uuid_required(c, "approval_id", request->approval_id,
                                               &state_of(c)->found.only.u));
}

static step found(struct call *c)
{
    const struct approval_list *list = &state_of(c)->found;
    if (list->op.err.reason != R_NONE) {
        return wait_failed(c, &list->op.err);
    }
    return list->count == 0 ? call_fail(c, R_NOT_FOUND, "no such request") : STEP_NEXT;
}

static step find(struct call *c)
{
    struct approval_list *list = &state_of(c)->found;
    list->tenant = scope_of(c)->tenant_id;
    list->limit = 1;
    wait_store_init(c, &list->op);
    approval_store_list(list);
    return wait_store(c, found, &list->op);
}

static step canceled(struct call *c)
{
    const struct err *err = &scope_of(c)->op.op.err;
    return err->reason == R_NOT_FOUND
               ? call_fail(c, R_PRECONDITION_FAILED, "no keys may leave by it")
               : wait_over(c, err);
}

static step cancel(struct call *c)
{
    const char *reason = cancel_export_request(c)->reason;
    const char *why =
        reason[0] == '\0' ? "; canceled" : arena_printf(call_arena(c), "; canceled: %s", reason);
    if (why == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reason");
    }
    struct change_op *op = scope_begin(c);
    key_store_cancel_export(op, state_of(c)->found.only, why);
    return wait_store(c, canceled, &op->op);
}

const struct flow cancel_export_flow = {
    .method = "/chancery.v1.KeyService/CancelExport",
    .name = "cancel_export",
    .state = FLOW_STATE_ON(struct cancel_export, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, STEP("find", find), COMMIT("cancel", cancel),
              STEP("reply", reply_empty)},
};

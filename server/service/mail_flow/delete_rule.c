/* SPDX-License-Identifier: Apache-2.0 */
/* MailFlowService.DeleteRule. What the rule protected is protected no longer, so it waits for a second
 * admin where the tenant requires one (docs/policy.md §6.1). */
#include "chancery/v1/mail_flow.pb-c.h"
#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "store/resource/mail_rule_store.h"

struct rule_removal {
    struct rule_id id;
    const char *name;
};

static struct rule_removal *removal_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__DeleteRuleRequest *request = delete_rule_request(c);
    approvable_of(c)->act = &delete_rule_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step have_row(struct call *c)
{
    const struct change_op *op = &scope_of(c)->op;
    if (op->op.err.reason != R_NONE) {
        return wait_failed(c, &op->op.err);
    }
    if (op->mail_rule_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such rule");
    }
    removal_of(c)->name = op->mail_rules[0].name;
    return STEP_NEXT;
}

static step check(struct call *c)
{
    const Chancery__V1__DeleteRuleRequest *request = approvable_of(c)->request;
    struct rule_removal *removal = removal_of(c);
    if (step_failed(request_uuid_required(c, "rule_id", request->rule_id, &removal->id.u))) {
        return STEP_FAILED;
    }
    struct change_op *op = scope_begin(c);
    mail_rule_store_list(op, removal->id, 0, (struct rule_id){{{0}}}, 1);
    return wait_store(c, have_row, &op->op);
}

static const char *summary(struct call *c)
{
    char id[UUID_TEXT_BYTES];
    uuid_format(removal_of(c)->id.u, id);
    return arena_printf(call_arena(c), "Remove the mail-flow rule %s (%s)", removal_of(c)->name,
                        id);
}

static void perform(struct change_op *op, const void *value)
{
    const struct rule_removal *removal = value;
    mail_rule_store_delete(op, removal->id);
}

const struct approvable_act delete_rule_act = {
    .name = "delete_rule",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__delete_rule_request__descriptor,
    .value_size = sizeof(struct rule_removal),
    .check = check,
    .summary = summary,
    .perform = perform,
};

static step reply(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow delete_rule_flow = {
    .method = "/chancery.v1.MailFlowService/DeleteRule",
    .name = "delete_rule",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("delete"), STEP("reply", reply)},
};

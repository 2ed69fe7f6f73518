/* SPDX-License-Identifier: Apache-2.0 */
/* MailFlowService.UpdateRule. It waits for a second admin where the tenant requires one, but for
 * another name (docs/policy.md §6.1). */
#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/common/resource_changes.h"
#include "service/mail_flow/rule_message.h"

struct rule_change {
    struct rule_id id;
    struct mail_rule_row before;
    struct rule_edit edit;
    resource_set mask;
    struct resource_reading fields;
};

static struct rule_change *change_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__UpdateRuleRequest *request = update_rule_request(c);
    approvable_of(c)->act = &update_rule_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static step have_stored(struct call *c)
{
    return wait_over(c, &scope_of(c)->op.op.err);
}

static step read_stored(struct call *c)
{
    struct change_op *op = scope_begin(c);
    mail_rule_store_list(op, change_of(c)->id, 0, (struct rule_id){{{0}}}, 1);
    return wait_store(c, have_stored, &op->op);
}

static step finish(struct call *c)
{
    return rule_message_finish(c, &change_of(c)->edit, finish);
}

static step merge(struct call *c)
{
    const Chancery__V1__UpdateRuleRequest *request = approvable_of(c)->request;
    struct rule_change *change = change_of(c);
    return resource_read(c, &rule_resource, &change->fields, request->rule, &change->edit, merge);
}

static step have_row(struct call *c)
{
    const Chancery__V1__UpdateRuleRequest *request = approvable_of(c)->request;
    const struct change_op *op = &scope_of(c)->op;
    struct rule_change *change = change_of(c);
    if (op->mail_rule_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such rule");
    }
    change->before = op->mail_rules[0];
    if (step_failed(etag_check(c, request->rule->etag, change->before.mark)) ||
        step_failed(rule_message_begin_stored(c, &change->edit, &change->before))) {
        return STEP_FAILED;
    }
    change->fields = (struct resource_reading){.left = change->mask};
    call_then(c, finish);
    return merge(c);
}

static step check(struct call *c)
{
    const Chancery__V1__UpdateRuleRequest *request = approvable_of(c)->request;
    struct rule_change *change = change_of(c);
    if (step_failed(resource_read_mask(c, &rule_resource, request->rule, request->update_mask,
                                       &change->mask)) ||
        step_failed(
            request_uuid_required(c, "rule.rule_id", request->rule->rule_id, &change->id.u))) {
        return STEP_FAILED;
    }
    call_then(c, have_row);
    return read_stored(c);
}

/* --- the act ---------------------------------------------------------------------------------- */

static const char *summary(struct call *c)
{
    const struct rule_change *change = change_of(c);
    char id[UUID_TEXT_BYTES];
    uuid_format(change->id.u, id);
    return arena_printf(call_arena(c), "Change the mail-flow rule %s (%s)", change->before.name,
                        id);
}

static void changes(struct call *c, struct approval_changes *out)
{
    struct mail_rule_row before = change_of(c)->before, after = change_of(c)->edit.row;
    const void *was = rule_message_write(c, &before), *is = rule_message_write(c, &after);
    out->failed = out->failed || was == NULL || is == NULL;
    if (!out->failed) {
        resource_changes_add(out, &rule_resource, was, is, 0);
    }
}

static const struct harmless_change harmless[] = {{"rule.name", NULL}};

static uint32_t effect(struct call *c)
{
    return approval_changes_are_harmless(approvable_changes(c), harmless,
                                         sizeof harmless / sizeof harmless[0])
               ? 0
               : 1U << APPROVAL_CONTENT_ACCESS;
}

static void perform(struct change_op *op, const void *value)
{
    const struct rule_change *change = value;
    mail_rule_store_update(op, &change->edit.row);
}

const struct approvable_act update_rule_act = {
    .name = "update_rule",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__update_rule_request__descriptor,
    .value_size = sizeof(struct rule_change),
    .check = check,
    .effect = effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH,
};

/* As it is afterwards. */
static step read_again(struct call *c)
{
    return ID_IS_ZERO(approvable_of(c)->asked) ? read_stored(c) : STEP_NEXT;
}

static void *write_rule(struct call *c)
{
    return rule_message_write(c, &scope_of(c)->op.mail_rules[0]);
}

static step reply(struct call *c)
{
    bool is_gone = ID_IS_ZERO(approvable_of(c)->asked) && scope_of(c)->op.mail_rule_count == 0;
    return is_gone ? call_fail(c, R_NOT_FOUND, "deleted since") : approvable_reply(c, write_rule);
}

const struct flow update_rule_flow = {
    .method = "/chancery.v1.MailFlowService/UpdateRule",
    .name = "update_rule",
    .state = APPROVABLE_STATE,
    .memory = RULE_MEMORY,
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("update"), STEP("read_again", read_again), STEP("reply", reply)},
};

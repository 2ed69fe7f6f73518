/* SPDX-License-Identifier: Apache-2.0 */
/* MailFlowService.CreateRule. Rules say how other people's mail is protected, so every change of them
 * waits for a second admin where the tenant requires one (docs/policy.md §6.1). */
#include "context/wait.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/resource_changes.h"
#include "service/mail_flow/rule_message.h"

struct rule_creation {
    struct rule_edit edit;
    struct resource_reading fields;
};

static struct rule_creation *creation_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__CreateRuleRequest *request = create_rule_request(c);
    approvable_of(c)->act = &create_rule_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static step finish(struct call *c)
{
    return rule_message_finish(c, &creation_of(c)->edit, finish);
}

static step read_fields(struct call *c)
{
    const Chancery__V1__CreateRuleRequest *request = approvable_of(c)->request;
    struct rule_creation *creation = creation_of(c);
    return resource_read(c, &rule_resource, &creation->fields, request->rule, &creation->edit,
                         read_fields);
}

static step check(struct call *c)
{
    const Chancery__V1__CreateRuleRequest *request = approvable_of(c)->request;
    struct rule_creation *creation = creation_of(c);
    if (request->rule == NULL) {
        return call_bad_field(c, "rule", "It is required.");
    }
    if (request->position < 0) {
        return call_bad_field(c, "position", "Places count from 1; 0 is behind all others.");
    }
    if (step_failed(rule_message_begin(c, &creation->edit))) {
        return STEP_FAILED;
    }
    creation->edit.row.id.u = uuid_v7(call_unix_us(c));
    creation->edit.row.position = request->position;
    creation->fields = (struct resource_reading){.left = resource_changeable(&rule_resource)};
    call_then(c, finish);
    return read_fields(c);
}

/* --- the act ---------------------------------------------------------------------------------- */

static const char *summary(struct call *c)
{
    const struct mail_rule_row *row = &creation_of(c)->edit.row;
    return row->position == 0
               ? arena_printf(call_arena(c), "Make the mail-flow rule %s, behind all others",
                              row->name)
               : arena_printf(call_arena(c), "Make the mail-flow rule %s at place %d", row->name,
                              (int)row->position);
}

static void changes(struct call *c, struct approval_changes *out)
{
    const Chancery__V1__CreateRuleRequest *request = approvable_of(c)->request;
    resource_changes_add(out, &rule_resource, NULL, request->rule, 0);
}

static void perform(struct change_op *op, const void *value)
{
    const struct rule_creation *creation = value;
    mail_rule_store_create(op, &creation->edit.row);
}

const struct approvable_act create_rule_act = {
    .name = "create_rule",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__create_rule_request__descriptor,
    .value_size = sizeof(struct rule_creation),
    .check = check,
    .summary = summary,
    .changes = changes,
    .perform = perform,
};

static step have_stored(struct call *c)
{
    return wait_over(c, &scope_of(c)->op.op.err);
}

/* As it is afterwards. */
static step read(struct call *c)
{
    if (!ID_IS_ZERO(approvable_of(c)->asked)) {
        return STEP_NEXT;
    }
    struct change_op *op = scope_begin(c);
    mail_rule_store_list(op, creation_of(c)->edit.row.id, 0, (struct rule_id){{{0}}}, 1);
    return wait_store(c, have_stored, &op->op);
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

const struct flow create_rule_flow = {
    .method = "/chancery.v1.MailFlowService/CreateRule",
    .name = "create_rule",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("create"), STEP("read", read), STEP("reply", reply)},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* MailFlowService.ReorderRules. The first rule that says how a message is protected has the word, so
 * another order waits for a second admin where the tenant requires one (docs/policy.md §6.1). */
#include "base/buf.h"
#include "chancery/v1/mail_flow.pb-c.h"
#include "domain/rules/rule.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "store/resource/mail_rule_store.h"

struct rule_order {
    const char *const *ids;
    size_t count;
};

static struct rule_order *order_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__ReorderRulesRequest *request = reorder_rules_request(c);
    approvable_of(c)->act = &reorder_rules_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step check(struct call *c)
{
    const Chancery__V1__ReorderRulesRequest *request = approvable_of(c)->request;
    struct uuid id;
    if (step_failed(request_count(c, "rule_ids", request->n_rule_ids, 1, RULES_MAX))) {
        return STEP_FAILED;
    }
    for (size_t i = 0; i < request->n_rule_ids; i++) {
        if (!uuid_parse(slice_str(request->rule_ids[i]), &id, NULL).ok) {
            return call_bad_field(c, arena_printf(call_arena(c), "rule_ids[%zu]", i),
                                  "It must be the id of a rule.");
        }
    }
    *order_of(c) = (struct rule_order){.ids = (const char *const *)request->rule_ids,
                                       .count = request->n_rule_ids};
    return STEP_NEXT;
}

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c), "Put the %zu mail-flow rules into another order",
                        order_of(c)->count);
}

static void changes(struct call *c, struct approval_changes *out)
{
    const struct rule_order *order = order_of(c);
    struct buf buf;
    struct slice all;
    buf_init(&buf, call_arena(c));
    for (size_t i = 0; i < order->count; i++) {
        buf_printf(&buf, "%s%s", i == 0 ? "" : " ", order->ids[i]);
    }
    const char *text = buf_finish(&buf, &all, NULL).ok ? arena_dup(call_arena(c), all) : NULL;
    out->failed = out->failed || text == NULL;
    if (!out->failed) {
        approval_changes_add(out, "rule_ids", "", text);
    }
}

static void perform(struct change_op *op, const void *value)
{
    const struct rule_order *order = value;
    mail_rule_store_reorder(op, order->ids, order->count);
}

const struct approvable_act reorder_rules_act = {
    .name = "reorder_rules",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__reorder_rules_request__descriptor,
    .value_size = sizeof(struct rule_order),
    .check = check,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .unmatched = R_PRECONDITION_FAILED,
};

static step reply(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow reorder_rules_flow = {
    .method = "/chancery.v1.MailFlowService/ReorderRules",
    .name = "reorder_rules",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("reorder"), STEP("reply", reply)},
};

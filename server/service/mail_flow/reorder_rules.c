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
    const char *const *ids, *const *names; /* one of the two; NULL: not that one */
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

static step check_names(struct call *c, const Chancery__V1__ReorderRulesRequest *request)
{
    *order_of(c) = (struct rule_order){.names = (const char *const *)request->rule_names,
                                       .count = request->n_rule_names};
    for (size_t i = 0; i < request->n_rule_names; i++) {
        if (request->rule_names[i][0] == '\0') {
            return call_bad_field(c, arena_printf(call_arena(c), "rule_names[%zu]", i),
                                  "It must be the name of a rule.");
        }
    }
    return request->n_rule_ids > 0
               ? call_bad_field(c, "rule_names", "It stands instead of rule_ids.")
               : request_count(c, "rule_names", request->n_rule_names, 1, RULES_MAX);
}

static step check(struct call *c)
{
    const Chancery__V1__ReorderRulesRequest *request = approvable_of(c)->request;
    struct uuid id;
    if (request->n_rule_names > 0) {
        return check_names(c, request);
    }
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
    const struct rule_order *order = order_of(c);
    return arena_printf(call_arena(c),
                        order->ids == NULL ? "Put %zu mail-flow rules into another order"
                                           : "Put the %zu mail-flow rules into another order",
                        order->count);
}

static void changes(struct call *c, struct approval_changes *out)
{
    const struct rule_order *order = order_of(c);
    struct buf buf;
    struct slice all;
    buf_init(&buf, call_arena(c));
    for (size_t i = 0; order->ids != NULL && i < order->count; i++) {
        buf_printf(&buf, "%s%s", i == 0 ? "" : " ", order->ids[i]);
    }
    for (size_t i = 0; order->names != NULL && i < order->count; i++) {
        buf_printf(&buf, "%s%s", i == 0 ? "" : ", ", order->names[i]);
    }
    const char *text = buf_finish(&buf, &all, NULL).ok ? arena_dup(call_arena(c), all) : NULL;
    out->failed = out->failed || text == NULL;
    if (!out->failed) {
        approval_changes_add(out, order->ids == NULL ? "rule_names" : "rule_ids", "", text);
    }
}

static void perform(struct change_op *op, const void *value)
{
    const struct rule_order *order = value;
    if (order->ids == NULL) {
        mail_rule_store_order_names(op, order->names, order->count);
    } else {
        mail_rule_store_reorder(op, order->ids, order->count);
    }
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

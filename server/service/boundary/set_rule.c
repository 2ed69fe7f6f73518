/* SPDX-License-Identifier: Apache-2.0 */
/* BoundaryService.SetRule: what a pair of boundaries allows. The word of the content's boundary, so
 * it is said where that one is served. */
#include <string.h>

#include "auth/facts.h"
#include "context/wait.h"
#include "domain/relations/boundary_rule.h"
#include "domain/values/subject.h"
#include "service/boundary/boundary_message.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/scope.h"

struct set_rule {
    struct scope scope; /* first */
    struct boundary_rule rule;
    struct boundary_op op;
};

static struct set_rule *set_rule_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    const Chancery__V1__SetRuleRequest *request = set_rule_request(c);
    const Chancery__V1__BoundaryRule *from = request->rule;
    if (from == NULL) {
        return call_bad_field(c, "rule", "It is required.");
    }
    if ((int)from->rule < 0 || (int)from->rule > DELIVERY_BLOCK) {
        return call_bad_field(c, "rule.rule",
                              "It must be NATIVE, PORTAL, BLOCK, or UNSPECIFIED for built-in.");
    }
    set_rule_of(c)->rule = (struct boundary_rule){.content = from->content_boundary,
                                                  .reader = from->reader_boundary,
                                                  .delivery = (enum delivery)from->rule};
    return STEP_NEXT;
}

static step have_platform(struct call *c)
{
    const struct platform_view *platform = &caller_of(c)->found_platform->view;
    const struct boundary_rule *rule = &set_rule_of(c)->rule;
    bool is_external = strcmp(rule->reader, BOUNDARY_EXTERNAL) == 0;
    if (boundary_find(platform, rule->content) == NULL) {
        return call_bad_field(c, "rule.content_boundary", "There is no such boundary.");
    }
    if (!is_external && boundary_find(platform, rule->reader) == NULL) {
        return call_bad_field(c, "rule.reader_boundary",
                              "There is no such boundary; people of no tenant are external.");
    }
    return scope_check_node(c, rule->content);
}

static step check(struct call *c)
{
    return facts_need_platform(c, have_platform);
}

static step over(struct call *c)
{
    return wait_over(c, &set_rule_of(c)->op.op.err);
}

static step set(struct call *c)
{
    struct set_rule *s = set_rule_of(c);
    s->op = (struct boundary_op){.who = caller_of(c)->who};
    wait_store_init(c, &s->op.op);
    boundary_store_set_rule(&s->op, &s->rule);
    return wait_store(c, over, &s->op.op);
}

/* The rule that holds now: without an admin's, the built-in one. */
static step reply(struct call *c)
{
    struct boundary_rule rule = set_rule_of(c)->rule;
    const struct platform_view none = {0};
    if (rule.delivery == 0) {
        rule.delivery = boundary_rule_between(&none, rule.content, rule.reader);
    }
    return reply_message(c, boundary_message_write_rule(c, &rule));
}

const struct flow set_rule_flow = {
    .method = "/chancery.v1.BoundaryService/SetRule",
    .name = "set_rule",
    .state = FLOW_STATE_ON(struct set_rule, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), STEP("check", check), COMMIT("set", set), STEP("reply", reply)},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* MailFlowService: GetRule, ListRules. */
#include "service/common/flows.h"
#include "service/common/page.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "service/mail_flow/rule_message.h"

enum { POSITION_BYTES = 4 };

struct rules {
    struct scope scope; /* first */
    struct rule_id id, after_rule;
    int32_t after; /* position */
    struct page page;
};

static struct rules *rules_of(const struct call *c)
{
    return call_state(c);
}

/* --- GetRule ---------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetRuleRequest *request = get_rule_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "rule_id", request->rule_id, &rules_of(c)->id.u);
}

static step read(struct call *c)
{
    mail_rule_store_list(scope_begin(c), rules_of(c)->id, 0, (struct rule_id){{{0}}}, 1);
    return scope_wait(c);
}

static step reply_rule(struct call *c)
{
    const struct change_op *op = &scope_of(c)->op;
    return op->mail_rule_count == 0 ? call_fail(c, R_NOT_FOUND, "no such rule")
                                    : reply_message(c, rule_message_write(c, &op->mail_rules[0]));
}

const struct flow get_rule_flow = {
    .method = "/chancery.v1.MailFlowService/GetRule",
    .name = "get_rule",
    .state = FLOW_STATE_ON(struct rules, BASE_SCOPE, struct scope, scope),
    .memory = RULE_MEMORY,
    .steps = {STEP("parse", parse_get), SCOPE_TENANT_STEP, STEP("read", read),
              STEP("reply", reply_rule)},
};

/* --- ListRules -------------------------------------------------------------------------------- */

/* The key of a row: its position and its id, because a place may have another rule by then. */
static step read_after(struct call *c)
{
    struct rules *r = rules_of(c);
    struct slice key = r->page.after;
    if (key.len == 0) {
        return STEP_NEXT;
    }
    if (key.len != POSITION_BYTES + UUID_BYTES) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "key of %zu bytes", key.len);
    }
    for (size_t i = 0; i < POSITION_BYTES; i++) {
        r->after = r->after << 8 | key.ptr[i];
    }
    memcpy(r->after_rule.u.b, key.ptr + POSITION_BYTES, UUID_BYTES);
    return STEP_NEXT;
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListRulesRequest *request = list_rules_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return step_failed(page_read(c, &rules_of(c)->page)) ? STEP_FAILED : read_after(c);
}

static step list(struct call *c)
{
    const struct rules *r = rules_of(c);
    mail_rule_store_list(scope_begin(c), (struct rule_id){{{0}}}, r->after, r->after_rule,
                         page_limit(&r->page));
    return scope_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return rule_message_write(c, &scope_of(c)->op.mail_rules[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    const struct mail_rule_row *rule = &scope_of(c)->op.mail_rules[row];
    uint8_t *key = arena_alloc(call_arena(c), POSITION_BYTES + UUID_BYTES);
    if (key == NULL) {
        return SLICE_NONE;
    }
    for (size_t i = 0; i < POSITION_BYTES; i++) {
        key[i] = (uint8_t)(rule->position >> (8 * (POSITION_BYTES - 1 - i)));
    }
    memcpy(key + POSITION_BYTES, rule->id.u.b, UUID_BYTES);
    return slice_of(key, POSITION_BYTES + UUID_BYTES);
}

static step reply_list(struct call *c)
{
    const struct page_rows rows = {.list = {.type = rule_resource.message,
                                            .count = scope_of(c)->op.mail_rule_count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = scope_of(c)->op.op.is_cut};
    return page_send(c, &rules_of(c)->page, &rows, reply_list);
}

const struct flow list_rules_flow = {
    .method = "/chancery.v1.MailFlowService/ListRules",
    .name = "list_rules",
    .state = FLOW_STATE_ON(struct rules, BASE_SCOPE, struct scope, scope),
    .memory = RULE_MEMORY,
    .steps = {STEP("parse", parse_list), SCOPE_TENANT_STEP, STEP("list", list),
              STEP("reply", reply_list)},
};

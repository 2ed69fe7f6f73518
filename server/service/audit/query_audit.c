/* SPDX-License-Identifier: Apache-2.0 */
/* AuditService.Query: what was decided and done, newest first. */
#include "context/wait.h"
#include "service/audit/audit_filter.h"
#include "service/audit/audit_message.h"
#include "service/common/audit_page.h"
#include "service/common/flows.h"
#include "service/common/reply.h"

enum {
    EVENTS_DEFAULT = 100,
    EVENTS_MAX = 1000,
    EVENTS_MEMORY = 4 << 20 /* for a page of that many, unless they are very long */
};

struct query_audit {
    struct scope scope; /* first */
    struct page page;
    struct audit_query query;
};

static struct audit_query *query_of(const struct call *c)
{
    return &((struct query_audit *)call_state(c))->query;
}

static step parse(struct call *c)
{
    const Chancery__V1__QueryRequest *request = query_request(c);
    struct query_audit *q = call_state(c);
    q->scope.tenant_name = "";
    if (step_failed(page_read_sized(c, EVENTS_DEFAULT, EVENTS_MAX, &q->page)) ||
        step_failed(audit_page_begin(c, &q->page, &q->query))) {
        return STEP_FAILED;
    }
    return request->filter == NULL ? STEP_NEXT : audit_filter_read(c, request->filter, query_of(c));
}

static step queried(struct call *c)
{
    return wait_over(c, &query_of(c)->op.err);
}

static step query(struct call *c)
{
    struct audit_query *q = query_of(c);
    q->tenant = scope_of(c)->tenant_id;
    wait_store_init(c, &q->op);
    audit_store_query(q);
    return wait_store(c, queried, &q->op);
}

static void *write_row(struct call *c, size_t row)
{
    return audit_message(c, &query_of(c)->events[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return audit_page_key(c, &query_of(c)->events[row]);
}

static step reply(struct call *c)
{
    struct query_audit *q = call_state(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__audit_event__descriptor,
                                            .count = q->query.count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = q->query.op.is_cut,
                                   .behind = audit_page_behind(c, &q->query)};
    step filled = page_fill(c, &q->page, &rows, reply);
    if (filled.kind != STEP_KIND_NEXT) {
        return filled;
    }
    Chancery__V1__QueryResponse *response = q->page.reply.response;
    response->kept_since = reply_time(c, q->query.kept_since);
    return query_reply(c, response);
}

const struct flow query_audit_flow = {
    .method = "/chancery.v1.AuditService/Query",
    .name = "query_audit",
    .state = FLOW_STATE_ON(struct query_audit, BASE_SCOPE, struct scope, scope),
    .memory = EVENTS_MEMORY,
    .steps = {STEP("parse", parse), SCOPE_STEP, STEP("query", query), STEP("reply", reply)},
};

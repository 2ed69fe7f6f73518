/* SPDX-License-Identifier: Apache-2.0 */
/* AuditService.Query: what was decided and done, newest first. */
#include <string.h>

#include "chancery/v1/audit.pb-c.h"
#include "context/wait.h"
#include "service/common/audit_page.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/scope.h"

enum { EVENTS_USUAL = 100, FILTER_TEXT_MAX = 64 };

struct query_audit {
    struct scope scope; /* first */
    struct audit_query query;
};

static struct audit_query *query_of(struct call *c)
{
    return &((struct query_audit *)call_state(c))->query;
}

static const char *or_any(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static int64_t micros(const Google__Protobuf__Timestamp *time)
{
    static const int64_t latest_s = 253402300799; /* 9999-12-31T23:59:59Z */
    if (time == NULL || time->seconds < 0 || time->seconds > latest_s) {
        return 0;
    }
    return time->seconds * 1000000 + time->nanos / 1000;
}

static bool is_power(const char *text)
{
    static const enum power all[] = {POWER_OWNER, POWER_ISSUER, POWER_SUPER_USER, POWER_DECRYPTOR};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(power_name(all[i]), text) == 0) {
            return true;
        }
    }
    return strcmp(POWER_ANY, text) == 0;
}

static step parse_filter(struct call *c, const Chancery__V1__AuditFilter *filter)
{
    struct audit_query *query = query_of(c);
    scope_of(c)->tenant_name = filter->tenant;
    query->reason = or_any(filter->reason);
    query->operation = or_any(filter->operation);
    query->power = or_any(filter->power);
    query->denied_only = filter->denied_only;
    if (query->power != NULL && !is_power(query->power)) {
        return call_bad_field(c, "filter.power",
                              "It must be owner, issuer, super_user, decryptor or any.");
    }
    query->from = micros(filter->start_time);
    query->before = micros(filter->end_time);
    if (request_uuid(c, "filter.content_id", filter->content_id, &query->content.u).kind ==
            STEP_KIND_FAILED ||
        request_address(c, "filter.user", filter->user, &query->user).kind == STEP_KIND_FAILED ||
        request_text(c, "filter.reason", filter->reason, FILTER_TEXT_MAX).kind ==
            STEP_KIND_FAILED) {
        return STEP_FAILED;
    }
    query->user = or_any(query->user);
    return request_text(c, "filter.operation", filter->operation, FILTER_TEXT_MAX);
}

static step parse(struct call *c)
{
    const Chancery__V1__QueryRequest *request = query_request(c);
    struct audit_query *query = query_of(c);
    scope_of(c)->tenant_name = "";
    if (!request_page_size(request->page_size, EVENTS_USUAL, AUDIT_PAGE_MAX, &query->limit)) {
        return call_bad_field(c, "page_size", "It must be 0 to 1,000.");
    }
    if (!audit_page_after(c, request->page_token, query)) {
        return call_fail(c, R_PAGE_TOKEN_INVALID, "page token");
    }
    return request->filter == NULL ? STEP_NEXT : parse_filter(c, request->filter);
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

static Chancery__V1__AuditEvent *event_message(struct call *c, const struct audit_event *event)
{
    const struct scope *scope = scope_of(c);
    Chancery__V1__AuditEvent *e = call_message(c, &chancery__v1__audit_event__descriptor);
    if (e == NULL) {
        return NULL;
    }
    e->event_id = reply_text(reply_uuid(c, event->event.u));
    e->time = reply_time(c, event->at);
    e->tenant = reply_text(scope->tenant == NULL ? "" : scope->tenant->view.name);
    e->operation = reply_text(event->operation);
    e->granted = event->granted;
    e->reason = reply_text(event->reason);
    e->user = reply_text(event->user);
    e->component = reply_text(event->component);
    e->content_id = reply_text(reply_uuid(c, event->content.u));
    e->template_id = reply_text(reply_uuid(c, event->template.u));
    e->policy_version = event->policy_version;
    e->n_rights = reply_split(c, event->rights, &e->rights);
    e->channel = reply_text(event->channel);
    e->power = reply_text(event->power);
    e->client_address = reply_text(event->client_address);
    e->user_agent = reply_text(event->user_agent);
    e->correlation_id = reply_text(event->correlation_id);
    e->target = reply_text(event->target);
    return e;
}

static step reply(struct call *c)
{
    const struct audit_query *q = query_of(c);
    Chancery__V1__QueryResponse *r = query_response(c);
    Chancery__V1__AuditEvent **events =
        ARENA_ARRAY(call_arena(c), Chancery__V1__AuditEvent *, q->count + 1);
    if (r == NULL || events == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    r->events = events;
    for (; r->n_events < q->count; r->n_events++) {
        events[r->n_events] = event_message(c, &q->events[r->n_events]);
        if (events[r->n_events] == NULL) {
            return call_fail(c, R_ARENA_EXHAUSTED, "reply");
        }
    }
    r->next_page_token = audit_page_next(c, q);
    return query_reply(c, r);
}

const struct flow query_audit_flow = {
    .method = "/chancery.v1.AuditService/Query",
    .name = "query_audit",
    .state = FLOW_STATE_ON(struct query_audit, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), SCOPE_STEP, STEP("query", query), STEP("reply", reply)},
};

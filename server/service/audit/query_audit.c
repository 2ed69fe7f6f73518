/* SPDX-License-Identifier: Apache-2.0 */
/* AuditService.Query: what was decided and done, newest first. */
#include <string.h>

#include "chancery/v1/audit.pb-c.h"
#include "context/wait.h"
#include "service/common/audit_page.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"

enum {
    EVENTS_DEFAULT = 100,
    EVENTS_MAX = 1000,
    EVENTS_MEMORY = 4 << 20, /* for a page of that many, unless they are very long */
    FILTER_TEXT_MAX = 64
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

static const char *or_any(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

/* 0: open. What lies before 1970 is as early as anything in the log. */
static int64_t micros(const Google__Protobuf__Timestamp *time)
{
    if (time == NULL) {
        return 0;
    }
    int64_t us = time->seconds * 1000000 + time->nanos / 1000;
    return us < 1 ? 1 : us;
}

static step parse_power(struct call *c, Chancery__V1__Power power)
{
    const int number = (int)power; /* open: any number may come */
    if (number < 0 || number > CHANCERY__V1__POWER__POWER_ANY) {
        return call_bad_field(c, "filter.power", "It is none of Power.");
    }
    if (power == CHANCERY__V1__POWER__POWER_ANY) {
        query_of(c)->power = POWER_ANY;
    } else {
        query_of(c)->power = or_any(power_name((enum power)number));
    }
    return STEP_NEXT;
}

static step parse_filter(struct call *c, const Chancery__V1__AuditFilter *filter)
{
    struct audit_query *query = query_of(c);
    scope_of(c)->tenant_name = filter->tenant;
    query->reason = or_any(filter->reason);
    query->operation = or_any(filter->operation);
    query->denied_only = filter->denied_only;
    query->from = micros(filter->start_time);
    query->before = micros(filter->end_time);
    step all = parse_power(c, filter->power);
    all =
        step_and(all, request_uuid(c, "filter.content_id", filter->content_id, &query->content.u));
    all = step_and(all, request_address(c, "filter.user", filter->user, &query->user));
    all = step_and(all, request_text(c, "filter.reason", filter->reason, FILTER_TEXT_MAX));
    query->user = or_any(query->user);
    return step_and(all, request_text(c, "filter.operation", filter->operation, FILTER_TEXT_MAX));
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

static void *write_row(struct call *c, size_t row)
{
    const struct audit_event *event = &query_of(c)->events[row];
    Chancery__V1__AuditEvent *e = call_message(c, &chancery__v1__audit_event__descriptor);
    struct rights rights;
    if (e == NULL || !reply_recorded_rights(c, event->rights, &rights)) {
        return NULL;
    }
    e->event_id = reply_text(reply_uuid(c, event->event.u));
    e->time = reply_time(c, event->at);
    e->tenant = reply_text(scope_tenant_name(c));
    e->operation = reply_text(event->operation);
    e->granted = event->granted;
    e->reason = reply_text(event->reason);
    e->user = reply_text(event->user);
    e->component = reply_text(event->component);
    e->content_id = reply_text(reply_uuid(c, event->content.u));
    e->template_id = reply_text(reply_uuid(c, event->template.u));
    e->policy_version = event->policy_version;
    e->n_rights = reply_rights(c, &rights, (int **)&e->rights);
    e->n_custom_rights = reply_custom_rights(c, &rights, &e->custom_rights);
    e->channel = (Chancery__V1__Channel)channel_of(event->channel);
    e->power = (Chancery__V1__Power)power_of(event->power);
    e->client_address = reply_text(event->client_address);
    e->user_agent = reply_text(event->user_agent);
    e->correlation_id = reply_text(event->correlation_id);
    e->target = reply_text(event->target);
    e->calls = event->calls;
    return e;
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
    return page_send(c, &q->page, &rows, reply);
}

const struct flow query_audit_flow = {
    .method = "/chancery.v1.AuditService/Query",
    .name = "query_audit",
    .state = FLOW_STATE_ON(struct query_audit, BASE_SCOPE, struct scope, scope),
    .memory = EVENTS_MEMORY,
    .steps = {STEP("parse", parse), SCOPE_STEP, STEP("query", query), STEP("reply", reply)},
};

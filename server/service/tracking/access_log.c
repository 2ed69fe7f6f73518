/* SPDX-License-Identifier: Apache-2.0 */
/* TrackingService.ListAccess: who tried to open a content, for those who may know of it
 * (content_access.h). */
#include <string.h>

#include "chancery/v1/tracking.pb-c.h"
#include "context/wait.h"
#include "service/common/audit_page.h"
#include "service/common/content_access.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"

struct access_log {
    struct content_access access; /* first */
    struct page page;
    struct audit_query query;
};

static struct access_log *access_log_of(const struct call *c)
{
    return call_state(c);
}

static step parse_list(struct call *c)
{
    const Chancery__V1__ListAccessRequest *request = list_access_request(c);
    struct access_log *t = access_log_of(c);
    return step_failed(page_read(c, &t->page)) ||
                   step_failed(audit_page_begin(c, &t->page, &t->query))
               ? STEP_FAILED
               : content_access_parse(c, CONTENT_TRACK, request->content_id,
                                      request->publishing_license);
}

static step listed(struct call *c)
{
    return wait_over(c, &access_log_of(c)->query.op.err);
}

static step list(struct call *c)
{
    struct access_log *t = access_log_of(c);
    t->query.tenant = t->access.tenant;
    t->query.content = t->access.content;
    t->query.is_tracking = true;
    wait_store_init(c, &t->query.op);
    audit_store_query(&t->query);
    return wait_store(c, listed, &t->query.op);
}

static void *write_row(struct call *c, size_t row)
{
    const struct audit_event *event = &access_log_of(c)->query.events[row];
    Chancery__V1__AccessEvent *e = call_message(c, &chancery__v1__access_event__descriptor);
    struct rights rights;
    if (e == NULL || !reply_recorded_rights(c, event->rights, &rights)) {
        return NULL;
    }
    e->time = reply_time(c, event->at);
    e->user = reply_text(event->user);
    e->granted = event->granted;
    e->reason = reply_text(event->reason);
    e->n_rights = reply_rights(c, &rights, (int **)&e->rights);
    e->n_custom_rights = reply_custom_rights(c, &rights, &e->custom_rights);
    e->component = reply_text(event->component);
    e->channel = (Chancery__V1__Channel)channel_of(event->channel);
    e->power = (Chancery__V1__Power)power_of(event->power);
    e->client_address = reply_text(event->client_address);
    e->pre_licensed = strcmp(event->operation, acquire_license_flow.name) != 0;
    return e;
}

static struct slice row_key(struct call *c, size_t row)
{
    return audit_page_key(c, &access_log_of(c)->query.events[row]);
}

static step reply_list(struct call *c)
{
    struct access_log *t = access_log_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__access_event__descriptor,
                                            .count = t->query.count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = t->query.op.is_cut,
                                   .behind = audit_page_behind(c, &t->query)};
    step filled = page_fill(c, &t->page, &rows, reply_list);
    if (filled.kind != STEP_KIND_NEXT) {
        return filled;
    }
    Chancery__V1__ListAccessResponse *response = t->page.reply.response;
    if (t->access.find.row.created_at < t->query.kept_since) {
        response->kept_since = reply_time(c, t->query.kept_since);
    }
    return list_access_reply(c, response);
}

const struct flow list_access_flow = {
    .method = "/chancery.v1.TrackingService/ListAccess",
    .name = "list_access",
    .state = FLOW_STATE_ON(struct access_log, BASE_CONTENT_ACCESS, struct content_access, access),
    .steps = {STEP("parse", parse_list), CONTENT_ACCESS_FIND, CONTENT_ACCESS_RIGHTS,
              STEP("list", list), STEP("reply", reply_list)},
    .on_refusal = content_access_record_refusal,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* TrackingService: Revoke, Restore and ListAccess, for a content's owner, its issuer and its tenant's
 * admins. Everybody else hears NOT_FOUND, as if there were no such content. */
#include <stdio.h>
#include <string.h>

#include "chancery/v1/tracking.pb-c.h"
#include "context/wait.h"
#include "service/common/audit_page.h"
#include "service/common/content_access.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"

struct tracking {
    struct content_access access; /* first */
    const char *user, *reason;
    bool is_restore;
    struct content_revoke revoke;
    struct page page;
    struct audit_query query;
};

static struct tracking *tracking_of(const struct call *c)
{
    return call_state(c);
}

/* --- Revoke and Restore ------------------------------------------------------------------------- */

static step parse_change(struct call *c, const char *content, const char *user, const char *reason)
{
    struct tracking *t = tracking_of(c);
    t->reason = reason;
    if (step_failed(request_uuid_required(c, "content_id", content, &t->access.content.u)) ||
        step_failed(request_address(c, "user", user, &t->user))) {
        return STEP_FAILED;
    }
    return request_text(c, "reason", reason, REASON_TEXT_MAX);
}

static step parse_revoke(struct call *c)
{
    const Chancery__V1__RevokeRequest *request = revoke_request(c);
    return parse_change(c, request->content_id, request->user, request->reason);
}

static step parse_restore(struct call *c)
{
    const Chancery__V1__RestoreRequest *request = restore_request(c);
    tracking_of(c)->is_restore = true;
    return parse_change(c, request->content_id, request->user, request->reason);
}

static step changed(struct call *c)
{
    return wait_over(c, &tracking_of(c)->revoke.op.err);
}

/* The change and its record are one transaction. */
static step change(struct call *c)
{
    struct tracking *t = tracking_of(c);
    t->revoke = (struct content_revoke){.tenant = caller_tenant(caller_of(c)),
                                        .content = t->access.content,
                                        .user = t->user[0] == '\0' ? NULL : t->user,
                                        .reason = t->reason,
                                        .restore = t->is_restore,
                                        .who = caller_of(c)->who};
    wait_store_init(c, &t->revoke.op);
    content_store_revoke(&t->revoke);
    return wait_store(c, changed, &t->revoke.op);
}

static step reply_revoke(struct call *c)
{
    Chancery__V1__RevokeResponse *r = revoke_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->revoke_time = reply_time(c, tracking_of(c)->revoke.at);
    return revoke_reply(c, r);
}

const struct flow revoke_flow = {
    .method = "/chancery.v1.TrackingService/Revoke",
    .name = "revoke",
    .state = FLOW_STATE_ON(struct tracking, BASE_CONTENT_ACCESS, struct content_access, access),
    .steps = {STEP("parse", parse_revoke), CONTENT_ACCESS_FIND, COMMIT("change", change),
              STEP("reply", reply_revoke)},
};

const struct flow restore_flow = {
    .method = "/chancery.v1.TrackingService/Restore",
    .name = "restore",
    .state = FLOW_STATE_ON(struct tracking, BASE_CONTENT_ACCESS, struct content_access, access),
    .steps = {STEP("parse", parse_restore), CONTENT_ACCESS_FIND, COMMIT("change", change),
              STEP("reply", reply_empty)},
};

/* --- ListAccess --------------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListAccessRequest *request = list_access_request(c);
    struct tracking *t = tracking_of(c);
    return step_failed(page_read(c, &t->page)) ||
                   step_failed(audit_page_begin(c, &t->page, &t->query))
               ? STEP_FAILED
               : request_uuid_required(c, "content_id", request->content_id, &t->access.content.u);
}

static step listed(struct call *c)
{
    return wait_over(c, &tracking_of(c)->query.op.err);
}

static step list(struct call *c)
{
    struct tracking *t = tracking_of(c);
    t->query.tenant = caller_tenant(caller_of(c));
    t->query.content = t->access.content;
    t->query.operation = acquire_license_flow.name;
    wait_store_init(c, &t->query.op);
    audit_store_query(&t->query);
    return wait_store(c, listed, &t->query.op);
}

static void *write_row(struct call *c, size_t row)
{
    const struct audit_event *event = &tracking_of(c)->query.events[row];
    Chancery__V1__AccessEvent *e = call_message(c, &chancery__v1__access_event__descriptor);
    if (e == NULL) {
        return NULL;
    }
    e->time = reply_time(c, event->at);
    e->user = reply_text(event->user);
    e->granted = event->granted;
    e->reason = reply_text(event->reason);
    e->n_rights = reply_split(c, event->rights, &e->rights);
    e->component = reply_text(event->component);
    e->channel = reply_text(event->channel);
    e->power = reply_text(event->power);
    e->client_address = reply_text(event->client_address);
    return e;
}

static struct slice row_key(struct call *c, size_t row)
{
    return audit_page_key(c, &tracking_of(c)->query.events[row]);
}

static step reply_list(struct call *c)
{
    struct tracking *t = tracking_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__access_event__descriptor,
                                            .count = t->query.count,
                                            .write = write_row},
                                   .key = row_key};
    return page_send(c, &t->page, &rows, reply_list);
}

const struct flow list_access_flow = {
    .method = "/chancery.v1.TrackingService/ListAccess",
    .name = "list_access",
    .state = FLOW_STATE_ON(struct tracking, BASE_CONTENT_ACCESS, struct content_access, access),
    .steps = {STEP("parse", parse_list), CONTENT_ACCESS_FIND, STEP("list", list),
              STEP("reply", reply_list)},
};

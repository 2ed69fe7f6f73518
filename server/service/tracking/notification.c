/* SPDX-License-Identifier: Apache-2.0 */
/* TrackingService.SetNotification, for those who may (content_access.h): whether the content's owner is told by mail
 * of who opens it. Everybody else hears NOT_FOUND, as if there were no such content. */
#include "chancery/v1/tracking.pb-c.h"
#include "context/wait.h"
#include "service/common/content_access.h"
#include "service/common/flows.h"
#include "service/common/reply.h"

struct notification {
    struct content_access access; /* first */
    struct content_notify notify;
};

static struct notification *notification_of(const struct call *c)
{
    return call_state(c);
}

static step parse(struct call *c)
{
    const Chancery__V1__SetNotificationRequest *request = set_notification_request(c);
    notification_of(c)->notify.notify_owner = request->notify_owner;
    return content_access_parse(c, CONTENT_NOTIFY, request->content_id,
                                request->publishing_license);
}

static step changed(struct call *c)
{
    return wait_over(c, &notification_of(c)->notify.op.err);
}

/* The change and its record are one transaction. */
static step change(struct call *c)
{
    struct notification *n = notification_of(c);
    n->notify.tenant = n->access.tenant;
    n->notify.content = n->access.content;
    n->notify.who = caller_of(c)->who;
    wait_store_init(c, &n->notify.op);
    content_store_notify(&n->notify);
    return wait_store(c, changed, &n->notify.op);
}

const struct flow set_notification_flow = {
    .method = "/chancery.v1.TrackingService/SetNotification",
    .name = "set_notification",
    .state = FLOW_STATE_ON(struct notification, BASE_CONTENT_ACCESS, struct content_access, access),
    .steps = {STEP("parse", parse), CONTENT_ACCESS_FIND, CONTENT_ACCESS_RIGHTS,
              COMMIT("change", change), STEP("reply", reply_empty)},
    .on_refusal = content_access_record_refusal,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.RevokePublisher: certificates are taken back, for content that nobody has seen yet. It shuts out
 * and lets nobody in, so it waits for no second admin. */
#include "chancery/v1/publishing.pb-c.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/common/scope.h"
#include "store/resource/publisher_store.h"

struct revocation {
    struct scope scope;    /* first */
    const char *publisher; /* as the store names it */
};

static struct revocation *state_of(const struct call *c)
{
    return call_state(c);
}

/* An address, or a serial or a component's id in the form in which certificates have it. */
static step read_publisher(struct call *c, const char *text)
{
    struct revocation *r = state_of(c);
    struct uuid id;
    if (slice_find(slice_str(text), '@') >= 0) {
        return request_address(c, "publisher", text, &r->publisher);
    }
    if (step_failed(request_uuid_required(c, "publisher", text, &id))) {
        return STEP_FAILED;
    }
    r->publisher = reply_uuid(c, id);
    return r->publisher == NULL ? reply_over_budget(c) : STEP_NEXT;
}

static step parse(struct call *c)
{
    const Chancery__V1__RevokePublisherRequest *request = revoke_publisher_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return step_and(read_publisher(c, request->publisher),
                    request_text(c, "reason", request->reason, REASON_TEXT_MAX));
}

static step revoke(struct call *c)
{
    publisher_store_revoke(scope_begin(c), state_of(c)->publisher,
                           revoke_publisher_request(c)->reason);
    return scope_wait(c);
}

const struct flow revoke_publisher_flow = {
    .method = "/chancery.v1.PublishingService/RevokePublisher",
    .name = "revoke_publisher",
    .state = FLOW_STATE_ON(struct revocation, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, COMMIT("revoke", revoke),
              STEP("reply", reply_empty)},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* PublishingService.RegisterContent: a publisher makes known what it has protected without asking, before anybody opens
 * it (docs/policy.md §5.7).
 *
 *   parse    the license
 *   open     the license, the certificate, the tenant (common/license_access.c, common/offline_access.c)
 *   groups   nobody's; where the gate goes on from
 *   decide   is the caller the publisher?
 *   gate     may they still publish? then the content is recorded with the act: the commit
 *   reply */
#include <string.h>

#include "chancery/v1/publishing.pb-c.h"
#include "service/common/flows.h"
#include "service/common/license_access.h"
#include "service/common/reply.h"

static step parse(struct call *c)
{
    const Chancery__V1__RegisterContentRequest *request = register_content_request(c);
    struct license_access *a = license_access_of(c);
    a->what_for = "protected offline";
    if (request->publishing_license.len == 0) {
        return call_bad_field(c, "publishing_license", "It is required.");
    }
    return license_access_parse(
        c, slice_of(request->publishing_license.data, request->publishing_license.len), NULL);
}

/* A component that acts alone, or the user, by whatever component. */
static bool is_publisher(const struct call *c)
{
    const struct publisher *publisher = &license_access_of(c)->certificate.publisher;
    const struct subject *subject = &caller_of(c)->subject;
    return publisher->address_count > 0
               ? subject_is_user(subject, publisher->name)
               : !subject_has_user(subject) && subject_has_component(subject) &&
                     ID_EQ(publisher->component, subject->component.id);
}

static step decide(struct call *c)
{
    const struct license_access *a = license_access_of(c);
    if (a->license.offline == NULL) {
        return call_bad_field(c, "publishing_license",
                              "The authority has made it, so the content is known.");
    }
    if (a->is_refused) {
        return call_fail(c, R_PUBLISHER_REVOKED, "the publisher may not publish any more");
    }
    return is_publisher(c) ? STEP_NEXT : call_fail(c, R_PROTECT_DENIED, "not the publisher");
}

static step reply(struct call *c)
{
    Chancery__V1__RegisterContentResponse *r = register_content_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->content_id = reply_uuid(c, license_access_of(c)->license.header.content.u);
    return r->content_id == NULL ? reply_over_budget(c) : register_content_reply(c, r);
}

const struct flow register_content_flow = {
    .method = "/chancery.v1.PublishingService/RegisterContent",
    .name = "register_content",
    .state = FLOW_STATE(struct license_access),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("open", license_access_open),
              STEP("groups", license_access_groups), STEP("decide", decide),
              GATE("gate", license_access_gate), STEP("reply", reply)},
    .on_refusal = license_access_record_refusal,
};

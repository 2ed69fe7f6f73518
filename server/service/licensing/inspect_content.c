/* SPDX-License-Identifier: Apache-2.0 */
/* LicensingService.InspectContent: what may I do? The way of AcquireLicense, without a key at its
 * end. */
#include "chancery/v1/licensing.pb-c.h"
#include "service/common/flows.h"
#include "service/common/license_access.h"
#include "service/common/reply.h"

static step parse(struct call *c)
{
    const Chancery__V1__InspectContentRequest *request = inspect_content_request(c);
    return license_access_parse(
        c, slice_of(request->publishing_license.data, request->publishing_license.len),
        request->client);
}

static step reply(struct call *c)
{
    struct license_access *a = license_access_of(c);
    Chancery__V1__InspectContentResponse *r = inspect_content_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->content_id = reply_uuid(c, a->license.header.content.u);
    r->tenant = reply_text(a->tenant->view.name);
    r->boundary = reply_text(a->tenant->view.boundary);
    r->display_name = reply_text(a->license.header.display_name);
    r->n_rights = reply_rights(c, &a->decision.rights, (int **)&r->rights);
    r->n_custom_rights = reply_custom_rights(c, &a->decision.rights, &r->custom_rights);
    r->owner = reply_text(a->policy.owner);
    r->content_expire_time = reply_time(c, a->decision.content_expires_at.s * 1000000);
    r->license_expire_time = reply_time(c, a->decision.license_expires_at.s * 1000000);
    r->channel = (Chancery__V1__Channel)a->decision.channel;
    return r->content_id == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "reply")
                                 : inspect_content_reply(c, r);
}

const struct flow inspect_content_flow = {
    .method = "/chancery.v1.LicensingService/InspectContent",
    .name = "inspect_content",
    .state = FLOW_STATE(struct license_access),
    .trust = TRUST_CACHES,
    .steps = {STEP("parse", parse), STEP("open", license_access_open),
              STEP("groups", license_access_groups), STEP("decide", license_access_decide),
              GATE("gate", license_access_gate), STEP("reply", reply)},
    .on_refusal = license_access_record_refusal,
};

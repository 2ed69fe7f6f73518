/* SPDX-License-Identifier: Apache-2.0 */
/* TrackingService: Revoke and Restore, for those who may (content_access.h). Everybody else hears
 * NOT_FOUND, as if there were no such content. */
#include "chancery/v1/tracking.pb-c.h"
#include "context/wait.h"
#include "service/common/content_access.h"
#include "service/common/flows.h"
#include "service/common/limits.h"
#include "service/common/reply.h"
#include "service/common/request.h"

struct revocation {
    struct content_access access; /* first */
    const char *user, *reason;    /* user: whom it is about, as the store says it; "": everybody */
    struct content_revoke revoke;
};

static struct revocation *revocation_of(const struct call *c)
{
    return call_state(c);
}

static step parse_change(struct call *c, const char *user, bool outside_only, const char *reason)
{
    struct revocation *r = revocation_of(c);
    r->reason = reason;
    r->user = AUDIT_WHO_OUTSIDE;
    step whom = !outside_only ? request_address(c, "user", user, &r->user)
                : user[0] == '\0'
                    ? STEP_NEXT
                    : call_bad_field(c, "outside_only", "Name one person, or all readers outside.");
    return step_and(whom, request_text(c, "reason", reason, REASON_TEXT_MAX));
}

static step parse_revoke(struct call *c)
{
    const Chancery__V1__RevokeRequest *request = revoke_request(c);
    return step_failed(content_access_parse(c, CONTENT_REVOKE, request->content_id,
                                            request->publishing_license))
               ? STEP_FAILED
               : parse_change(c, request->user, request->outside_only, request->reason);
}

static step parse_restore(struct call *c)
{
    const Chancery__V1__RestoreRequest *request = restore_request(c);
    return step_failed(content_access_parse(c, CONTENT_RESTORE, request->content_id,
                                            request->publishing_license))
               ? STEP_FAILED
               : parse_change(c, request->user, request->outside_only, request->reason);
}

static bool is_restore(const struct revocation *r)
{
    return r->access.act == CONTENT_RESTORE;
}

/* Whoever restores may know of the content: they hear that it is there, and not revoked. */
static step changed(struct call *c)
{
    const struct revocation *r = revocation_of(c);
    if (is_restore(r) && r->revoke.op.err.reason == R_NOT_FOUND) {
        call_error_metadata(c, "revoked", "no");
    }
    return wait_over(c, &r->revoke.op.err);
}

/* The change and its record are one transaction. */
static step change(struct call *c)
{
    struct revocation *r = revocation_of(c);
    r->revoke = (struct content_revoke){.tenant = r->access.tenant,
                                        .content = r->access.content,
                                        .user = r->user[0] == '\0' ? NULL : r->user,
                                        .reason = r->reason,
                                        .restore = is_restore(r),
                                        .who = caller_of(c)->who};
    wait_store_init(c, &r->revoke.op);
    content_store_revoke(&r->revoke);
    return wait_store(c, changed, &r->revoke.op);
}

static step reply_revoke(struct call *c)
{
    Chancery__V1__RevokeResponse *r = revoke_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->revoke_time = reply_time(c, revocation_of(c)->revoke.at);
    return revoke_reply(c, r);
}

const struct flow revoke_flow = {
    .method = "/chancery.v1.TrackingService/Revoke",
    .name = "revoke",
    .state = FLOW_STATE_ON(struct revocation, BASE_CONTENT_ACCESS, struct content_access, access),
    .steps = {STEP("parse", parse_revoke), CONTENT_ACCESS_FIND, CONTENT_ACCESS_RIGHTS,
              COMMIT("change", change), STEP("reply", reply_revoke)},
    .on_refusal = content_access_record_refusal,
};

const struct flow restore_flow = {
    .method = "/chancery.v1.TrackingService/Restore",
    .name = "restore",
    .state = FLOW_STATE_ON(struct revocation, BASE_CONTENT_ACCESS, struct content_access, access),
    .steps = {STEP("parse", parse_restore), CONTENT_ACCESS_FIND, CONTENT_ACCESS_RIGHTS,
              COMMIT("change", change), STEP("reply", reply_empty)},
    .on_refusal = content_access_record_refusal,
};

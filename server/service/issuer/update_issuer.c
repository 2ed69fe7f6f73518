/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService.UpdateIssuer. Holds from the next call on, on every worker: the epoch of the issuer's scope is raised
 * in the same transaction, and remembered tokens hold for one epoch only. */
#include "chancery/v1/issuer.pb-c.h"
#include "context/wait.h"
#include "service/common/admin_guard.h"
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/issuer/issuers.h"

static step parse(struct call *c)
{
    const Chancery__V1__UpdateIssuerRequest *request = update_issuer_request(c);
    struct issuers *s = issuers_of(c);
    if (step_failed(resource_read_mask(c, &issuer_resource, request->issuer, request->update_mask,
                                       &s->fields.left))) {
        return STEP_FAILED;
    }
    s->message = request->issuer;
    scope_of(c)->tenant_name = request->issuer->tenant;
    return request_uuid_required(c, "issuer.issuer_id", request->issuer->issuer_id, &s->id.u);
}

/* A component issuer's keys are admins' credentials. */
static step check(struct call *c)
{
    const Chancery__V1__UpdateIssuerRequest *request = update_issuer_request(c);
    const struct issuer_row *row = &issuers_of(c)->row;
    if (step_failed(scope_check_boundary(c, row->issuer.boundary)) ||
        step_failed(etag_check(c, request->issuer->etag, row->version))) {
        return STEP_FAILED;
    }
    return row->issuer.kind == ISSUER_COMPONENT
               ? admin_guard_check(c, ROLE_TENANT_ADMIN, ROLE_TENANT_ADMIN)
               : STEP_NEXT;
}

static step updated(struct call *c)
{
    struct issuers *s = issuers_of(c);
    s->row.version++;
    return etag_settle(c, &s->op.op.err);
}

static step update(struct call *c)
{
    struct issuers *s = issuers_of(c);
    issuer_store_update(issuers_begin(c, s->scope.tenant_id), &s->row);
    return wait_store(c, updated, &s->op.op);
}

const struct flow update_issuer_flow = {
    .method = "/chancery.v1.IssuerService/UpdateIssuer",
    .name = "update_issuer",
    .state = FLOW_STATE_ON(struct issuers, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), SCOPE_STEP, STEP("read", issuers_read), STEP("check", check),
              STEP("fields", issuers_read_fields), COMMIT("update", update),
              STEP("reply", issuers_reply)},
};

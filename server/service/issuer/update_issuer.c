/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService.UpdateIssuer. Holds from the next call on, on every worker: the epoch of the issuer's scope is raised
 * in the same transaction, and remembered tokens hold for one epoch only. */
#include <stdlib.h>

#include "context/wait.h"
#include "google/protobuf/field_mask.pb-c.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/issuer/issuer_fields.h"

struct update {
    struct issuers issuers; /* first */
    unsigned parts;
};

static step parse(struct call *c)
{
    const Chancery__V1__UpdateIssuerRequest *request = update_issuer_request(c);
    struct update *u = call_state(c);
    if (request->issuer == NULL || request->update_mask == NULL ||
        request->update_mask->n_paths == 0) {
        return call_bad_field(c, "update_mask", "An issuer and the fields to change are required.");
    }
    for (size_t i = 0; i < request->update_mask->n_paths; i++) {
        unsigned part = issuer_part(request->update_mask->paths[i]);
        if (part == 0) {
            return call_bad_field(c, "update_mask",
                                  "It names a field that can't be changed; tenant, boundary, kind "
                                  "and issuer never change.");
        }
        u->parts |= part;
    }
    scope_of(c)->tenant_name = request->issuer->tenant;
    return request_uuid_required(c, "issuer.issuer_id", request->issuer->issuer_id,
                                 &u->issuers.id.u);
}

static step merge(struct call *c)
{
    const Chancery__V1__UpdateIssuerRequest *request = update_issuer_request(c);
    struct update *u = call_state(c);
    struct issuer_row *row = &u->issuers.row;
    const char *etag = request->issuer->etag;
    if (step_failed(scope_check_boundary(c, row->issuer.boundary))) {
        return STEP_FAILED;
    }
    if (etag[0] != '\0' && strtoll(etag, NULL, 10) != row->version) {
        return call_fail(c, R_ETAG_MISMATCH, "version %lld", (long long)row->version);
    }
    if (row->issuer.kind == ISSUER_COMPONENT &&
        step_failed(approvals_guard_admins(c, ROLE_TENANT_ADMIN, ROLE_TENANT_ADMIN))) {
        return STEP_FAILED; /* its keys are admins' credentials */
    }
    return issuer_read_fields(c, request->issuer, u->parts, row);
}

static step updated(struct call *c)
{
    struct issuers *s = issuers_of(c);
    if (s->op.op.err.reason == R_NOT_FOUND) {
        return call_fail(c, R_ETAG_MISMATCH, "changed meanwhile");
    }
    s->row.version++;
    return wait_over(c, &s->op.op.err);
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
    .state = FLOW_STATE_ON(struct update, BASE_SCOPE, struct issuers, issuers),
    .steps = {STEP("parse", parse), SCOPE_STEP, STEP("read", issuers_read), STEP("merge", merge),
              COMMIT("update", update), STEP("reply", issuers_reply)},
};

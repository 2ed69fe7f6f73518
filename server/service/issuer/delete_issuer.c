/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService.DeleteIssuer. Never refused because somebody uses it: it may have been taken over,
 * and then every second counts. It waits for a second admin only where a multi-tenant issuer, which
 * it kept silent, would speak in its place. */
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/issuer/issuer_change.h"

static step parse(struct call *c)
{
    const Chancery__V1__DeleteIssuerRequest *request = delete_issuer_request(c);
    approvable_of(c)->act = &delete_issuer_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step have_template(struct call *c)
{
    (void)c;
    return STEP_NEXT;
}

static step have_row(struct call *c)
{
    return issuer_change_find_template(c, have_template);
}

static step check(struct call *c)
{
    const Chancery__V1__DeleteIssuerRequest *request = approvable_of(c)->request;
    return step_failed(request_uuid_required(c, "issuer_id", request->issuer_id,
                                             &issuer_change_of(c)->id.u))
               ? STEP_FAILED
               : issuer_change_read(c, have_row);
}

static uint32_t effect(struct call *c)
{
    return issuer_change_of(c)->op.is_mapped ? 1U << APPROVAL_CONTENT_ACCESS : 0;
}

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c),
                        "Remove issuer %s, in whose place a multi-tenant issuer then speaks",
                        issuer_change_of(c)->row.issuer.iss);
}

static void changes(struct call *c, struct approval_changes *out)
{
    issuer_change_add(c, out, &issuer_change_of(c)->row, NULL);
}

static void perform(struct change_op *op, const void *value)
{
    issuer_store_delete(op, ((const struct issuer_change *)value)->id);
}

const struct approvable_act delete_issuer_act = {
    .name = "delete_issuer",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__delete_issuer_request__descriptor,
    .value_size = sizeof(struct issuer_change),
    .check = check,
    .effect = effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
};

static step reply(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow delete_issuer_flow = {
    .method = "/chancery.v1.IssuerService/DeleteIssuer",
    .name = "delete_issuer",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("delete"),
              STEP("reply", reply)},
};

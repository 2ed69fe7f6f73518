/* SPDX-License-Identifier: Apache-2.0 */
/* IssuerService.UpdateIssuer. Holds from the next call on, on every worker: the epoch of the
 * issuer's scope is raised in the same transaction, and remembered tokens hold for one epoch
 * only. */
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/issuer/issuer_change.h"

static step parse(struct call *c)
{
    const Chancery__V1__UpdateIssuerRequest *request = update_issuer_request(c);
    approvable_of(c)->act = &update_issuer_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->issuer == NULL ? "" : request->issuer->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static step merged(struct call *c)
{
    (void)c;
    return STEP_NEXT;
}

static step have_row(struct call *c)
{
    struct issuer_change *change = issuer_change_of(c);
    change->row.new_mark = mark_new();
    return step_failed(scope_check_boundary(c, change->row.issuer.boundary)) ||
                   step_failed(etag_check(c, change->message->etag, change->row.mark))
               ? STEP_FAILED
               : issuer_change_merge(c, merged);
}

static step check(struct call *c)
{
    const Chancery__V1__UpdateIssuerRequest *request = approvable_of(c)->request;
    struct issuer_change *change = issuer_change_of(c);
    change->message = request->issuer;
    return step_failed(resource_read_mask(c, &issuer_resource, request->issuer,
                                          request->update_mask, &change->mask)) ||
                   step_failed(request_uuid_required(c, "issuer.issuer_id",
                                                     request->issuer->issuer_id, &change->id.u))
               ? STEP_FAILED
               : issuer_change_read(c, have_row);
}

/* --- the act ---------------------------------------------------------------------------------- */

/* One that is switched on is shown whole: while it was off nobody looked at it. */
static void changes(struct call *c, struct approval_changes *out)
{
    const struct issuer_change *change = issuer_change_of(c);
    bool is_switched_on = change->before.disabled && !change->row.disabled;
    if (is_switched_on) {
        approval_changes_add(out, "issuer.disabled", "true", "false");
    }
    issuer_change_add(c, out, is_switched_on ? NULL : &change->before, &change->row);
}

static const struct harmless_change harmless[] = {
    {"issuer.audiences", approval_change_is_removal},
    {"issuer.algorithms", approval_change_is_removal},
    {"issuer.clock_skew_seconds", approval_change_is_less},
    {"issuer.disabled", approval_change_is_on},
};

static uint32_t effect(struct call *c)
{
    return approval_changes_are_harmless(approvable_changes(c), harmless,
                                         sizeof harmless / sizeof harmless[0])
               ? 0
               : 1U << APPROVAL_CONTENT_ACCESS;
}

static const char *summary(struct call *c)
{
    const struct issuer_change *change = issuer_change_of(c);
    const char *fields = resource_names(c, &issuer_resource, change->mask);
    return fields == NULL ? NULL
                          : arena_printf(call_arena(c), "Change issuer %s: %s",
                                         change->row.issuer.iss, fields);
}

static void perform(struct change_op *op, const void *value)
{
    issuer_store_update(op, &((const struct issuer_change *)value)->row);
}

const struct approvable_act update_issuer_act = {
    .name = "update_issuer",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__update_issuer_request__descriptor,
    .value_size = sizeof(struct issuer_change),
    .check = check,
    .effect = effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .unmatched = R_ETAG_MISMATCH,
};

static void *write_issuer(struct call *c)
{
    issuer_change_of(c)->row.mark = issuer_change_of(c)->row.new_mark;
    return issuer_message_write(c, &issuer_change_of(c)->row, scope_tenant_name(c));
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_issuer);
}

const struct flow update_issuer_flow = {
    .method = "/chancery.v1.IssuerService/UpdateIssuer",
    .name = "update_issuer",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("update"),
              STEP("reply", reply)},
};

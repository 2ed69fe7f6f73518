/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService.RemoveExclusion. It lets somebody in who was shut out, super users included, so it
 * waits for a second admin where the tenant requires one. */
#include "chancery/v1/tenant.pb-c.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/tenant/exclusions.h"

static const char *const kinds[] = {"", "user", "application", "platform"};

struct exclusion_removal {
    struct exclusion exclusion;
    struct exclusion_values found;
};

static struct exclusion_removal *removal_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__RemoveExclusionRequest *request = remove_exclusion_request(c);
    approvable_of(c)->act = &remove_exclusion_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step check(struct call *c)
{
    const Chancery__V1__RemoveExclusionRequest *request = approvable_of(c)->request;
    const struct tenant_record *tenant = scope_of(c)->tenant;
    struct exclusion_removal *r = removal_of(c);
    if (step_failed(exclusion_read(c, request->user, request->application, request->platform,
                                   &r->exclusion)) ||
        step_failed(exclusion_find(c, &tenant->view, &r->exclusion, &r->found))) {
        return STEP_FAILED;
    }
    return r->found.count > 0 ? STEP_NEXT : call_fail(c, R_NOT_FOUND, "not excluded");
}

static const char *summary(struct call *c)
{
    const struct exclusion *exclusion = &removal_of(c)->exclusion;
    return arena_printf(call_arena(c), "Let %s %s in again", kinds[exclusion->kind],
                        exclusion->value);
}

static void changes(struct call *c, struct approval_changes *out)
{
    const struct exclusion *exclusion = &removal_of(c)->exclusion;
    approval_changes_add(out, kinds[exclusion->kind], exclusion->value, "");
}

static void perform(struct change_op *op, const void *value)
{
    const struct exclusion_removal *r = value;
    tenant_store_let_in(op, r->exclusion.kind, r->found.values, r->found.count);
}

const struct approvable_act remove_exclusion_act = {
    .name = "remove_exclusion",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__remove_exclusion_request__descriptor,
    .value_size = sizeof(struct exclusion_removal),
    .check = check,
    .summary = summary,
    .changes = changes,
    .perform = perform,
};

static step reply(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow remove_exclusion_flow = {
    .method = "/chancery.v1.TenantService/RemoveExclusion",
    .name = "remove_exclusion",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("let_in"),
              STEP("reply", reply)},
};

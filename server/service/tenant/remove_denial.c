/* SPDX-License-Identifier: Apache-2.0 */
/* TenantService.RemoveDenial. It lets somebody in who was shut out, so it waits for a second admin where
 * the tenant requires one. */
#include "domain/relations/denial.h"
#include "service/common/approvable.h"
#include "service/common/flows.h"
#include "service/tenant/denials.h"
#include "store/resource/partner_store.h"

static struct denial_named *named_of(const struct call *c)
{
    return approvable_of(c)->value;
}

static step parse(struct call *c)
{
    const Chancery__V1__RemoveDenialRequest *request = remove_denial_request(c);
    approvable_of(c)->act = &remove_denial_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step check(struct call *c)
{
    const Chancery__V1__RemoveDenialRequest *request = approvable_of(c)->request;
    if (step_failed(denial_read(c, request->denial, named_of(c)))) {
        return STEP_FAILED;
    }
    return denial_is_there(&scope_of(c)->tenant->view, &named_of(c)->denial)
               ? STEP_NEXT
               : call_fail(c, R_NOT_FOUND, "not denied");
}

static const char *summary(struct call *c)
{
    const struct denial_named *named = named_of(c);
    return named->denial.side == DENIAL_READERS
               ? arena_printf(call_arena(c), "Let readers of %s open our content again",
                              named->partner)
               : arena_printf(call_arena(c), "Let our people open content of %s again",
                              named->partner);
}

static void perform(struct change_op *op, const void *value)
{
    const struct denial_named *named = value;
    partner_store_allow(op, named->denial.side, named->partner);
}

const struct approvable_act remove_denial_act = {
    .name = "remove_denial",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__remove_denial_request__descriptor,
    .value_size = sizeof(struct denial_named),
    .check = check,
    .summary = summary,
    .perform = perform,
};

static step reply(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow remove_denial_flow = {
    .method = "/chancery.v1.TenantService/RemoveDenial",
    .name = "remove_denial",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_TENANT_STEP, APPROVABLE_CHECK,
              APPROVABLE_PERFORM("allow"), STEP("reply", reply)},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* ComponentService.DeleteComponent, and what others share with it. What changes here holds from the next call on: the
 * scope's epoch is raised in the same transaction. Removing waits for no second admin; who removes admins is
 * admin_guard.h. */
#include "service/component/components.h"

#include "context/wait.h"
#include "service/common/admin_guard.h"
#include "service/common/etag.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/component/component_message.h"

/* --- shared steps ----------------------------------------------------------------------------- */

struct component_op *components_begin(struct call *c)
{
    struct components *s = components_of(c);
    s->op =
        (struct component_op){.change = {.scope = s->scope.tenant_id, .who = caller_of(c)->who}};
    wait_store_init(c, &s->op.change.op);
    return &s->op;
}

static step done(struct call *c)
{
    return wait_over(c, &components_of(c)->op.change.op.err);
}

step components_wait(struct call *c)
{
    return wait_store(c, done, &components_of(c)->op.change.op);
}

static step found(struct call *c)
{
    const struct component_op *op = &components_of(c)->op;
    if (op->change.op.err.reason != R_NONE) {
        return wait_failed(c, &op->change.op.err);
    }
    if (op->count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such component");
    }
    components_of(c)->record = op->records[0];
    return STEP_NEXT;
}

step components_find(struct call *c)
{
    component_store_list(components_begin(c), components_of(c)->id, (struct component_id){{{0}}},
                         1);
    return wait_store(c, found, &components_of(c)->op.change.op);
}

step components_reply(struct call *c)
{
    return reply_message(
        c, component_message_write(c, &components_of(c)->record, scope_tenant_name(c)));
}

/* Prepare a change that takes a component from one role to another; ROLE_NONE: there is none. */
static struct change_op *begin_change(struct call *c, enum role before, enum role after)
{
    struct change_op *op = &components_begin(c)->change;
    op->approval.unless = admin_guard_unless(c, before, after);
    return op;
}

/* --- DeleteComponent -------------------------------------------------------------------------- */

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteComponentRequest *request = delete_component_request(c);
    struct components *s = components_of(c);
    scope_of(c)->tenant_name = request->tenant;
    s->etag = request->etag;
    return request_uuid_required(c, "component_id", request->component_id, &s->id.u);
}

static step check_delete(struct call *c)
{
    const struct components *s = components_of(c);
    return step_failed(component_message_check_boundary(c, &s->record)) ||
                   step_failed(etag_check(c, s->etag, s->record.mark))
               ? STEP_FAILED
               : admin_guard_check(c, s->record.component.role, ROLE_NONE);
}

static step deleted(struct call *c)
{
    return etag_settle(c, &components_of(c)->op.change.op.err);
}

static step delete (struct call *c)
{
    const struct components *s = components_of(c);
    int64_t mark = s->etag[0] == '\0' ? 0 : s->record.mark;
    component_store_delete(begin_change(c, s->record.component.role, ROLE_NONE), s->id, mark);
    return wait_store(c, deleted, &components_of(c)->op.change.op);
}

const struct flow delete_component_flow = {
    .method = "/chancery.v1.ComponentService/DeleteComponent",
    .name = "delete_component",
    .state = FLOW_STATE_ON(struct components, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_delete), SCOPE_STEP, STEP("find", components_find),
              STEP("check", check_delete), COMMIT("delete", delete), STEP("reply", reply_empty)},
};

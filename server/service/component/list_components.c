/* SPDX-License-Identifier: Apache-2.0 */
/* ComponentService: GetComponent, ListComponents. */
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/component/components.h"

/* --- GetComponent ------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetComponentRequest *request = get_component_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "component_id", request->component_id, &components_of(c)->id.u);
}

static step reply_get(struct call *c)
{
    Chancery__V1__GetComponentResponse *r = get_component_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->component = component_write(c, &components_of(c)->op.records[0]);
    return r->component == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "reply")
                                : get_component_reply(c, r);
}

const struct flow get_component_flow = {
    .method = "/chancery.v1.ComponentService/GetComponent",
    .name = "get_component",
    .state = FLOW_STATE_ON(struct components, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("find", components_find),
              STEP("reply", reply_get)},
};

/* --- ListComponents ----------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListComponentsRequest *request = list_components_request(c);
    struct components *s = components_of(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_page(c, request->page_size, request->page_token, &s->limit, &s->after.u);
}

static step list(struct call *c)
{
    const struct components *s = components_of(c);
    component_store_list(components_begin(c), (struct component_id){{{0}}}, s->after, s->limit);
    return components_wait(c);
}

static step reply_list(struct call *c)
{
    const struct component_op *op = &components_of(c)->op;
    Chancery__V1__ListComponentsResponse *r = list_components_response(c);
    Chancery__V1__Component **all =
        ARENA_ARRAY(call_arena(c), Chancery__V1__Component *, op->count + 1);
    if (r == NULL || all == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    r->components = all;
    for (; r->n_components < op->count; r->n_components++) {
        all[r->n_components] = component_write(c, &op->records[r->n_components]);
        if (all[r->n_components] == NULL) {
            return call_fail(c, R_ARENA_EXHAUSTED, "reply");
        }
    }
    if (op->count == components_of(c)->limit) {
        const struct component_id *last = &op->records[op->count - 1].component.id;
        r->next_page_token = reply_text(reply_page_token(c, last, sizeof *last));
    }
    return list_components_reply(c, r);
}

const struct flow list_components_flow = {
    .method = "/chancery.v1.ComponentService/ListComponents",
    .name = "list_components",
    .state = FLOW_STATE_ON(struct components, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* ComponentService: GetComponent, ListComponents. */
#include "context/wait.h"
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/component/components.h"

/* --- GetComponent ------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetComponentRequest *request = call_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "component_id", request->component_id, &components_of(c)->id.u);
}

static step reply_get(struct call *c)
{
    Chancery__V1__GetComponentResponse *r = reply_new(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->component = component_write(c, &components_of(c)->op.records[0]);
    return r->component == NULL ? call_fail(c, R_ARENA_EXHAUSTED, "reply")
                                : call_reply(c, &r->base);
}

const struct flow get_component_flow = {
    .method = "/chancery.v1.ComponentService/GetComponent",
    .name = "get_component",
    .state_size = sizeof(struct components),
    .steps = {{"parse", parse_get, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", scope_resolve, 0},
              {"find", components_find, 0},
              {"reply", reply_get, 0}},
    .on_refusal = caller_refused,
};

/* --- ListComponents ----------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListComponentsRequest *request = call_request(c);
    struct components *s = components_of(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_page(c, request->page_size, request->page_token, &s->limit, &s->after.u);
}

static step list(struct call *c)
{
    const struct components *s = components_of(c);
    components_list(components_begin(c), (struct component_id){{{0}}}, s->after, s->limit);
    return components_wait(c);
}

static step reply_list(struct call *c)
{
    const struct component_op *op = &components_of(c)->op;
    Chancery__V1__ListComponentsResponse *r = reply_new(c);
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
    return call_reply(c, &r->base);
}

const struct flow list_components_flow = {
    .method = "/chancery.v1.ComponentService/ListComponents",
    .name = "list_components",
    .state_size = sizeof(struct components),
    .steps = {{"parse", parse_list, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", scope_resolve, 0},
              {"list", list, 0},
              {"reply", reply_list, 0}},
    .on_refusal = caller_refused,
};

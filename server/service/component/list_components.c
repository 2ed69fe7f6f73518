/* SPDX-License-Identifier: Apache-2.0 */
/* ComponentService: GetComponent, ListComponents. */
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/component/component_message.h"
#include "service/component/components.h"

/* --- GetComponent ----------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetComponentRequest *request = get_component_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return request_uuid_required(c, "component_id", request->component_id, &components_of(c)->id.u);
}

const struct flow get_component_flow = {
    .method = "/chancery.v1.ComponentService/GetComponent",
    .name = "get_component",
    .state = FLOW_STATE_ON(struct components, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("find", components_find),
              STEP("reply", components_reply)},
};

/* --- ListComponents --------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListComponentsRequest *request = list_components_request(c);
    struct components *s = components_of(c);
    scope_of(c)->tenant_name = request->tenant;
    return step_failed(page_read(c, &s->page)) ? STEP_FAILED
                                               : page_after_uuid(c, &s->page, &s->after.u);
}

static step list(struct call *c)
{
    const struct components *s = components_of(c);
    component_store_list(components_begin(c), (struct component_id){{{0}}}, s->after,
                         page_limit(&s->page));
    return components_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return component_message_write(c, &components_of(c)->op.records[row], scope_tenant_name(c));
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_of(&components_of(c)->op.records[row].component.id, sizeof(struct component_id));
}

static step reply_list(struct call *c)
{
    struct components *s = components_of(c);
    const struct page_rows rows = {
        .list = {.type = component_resource.message, .count = s->op.count, .write = write_row},
        .key = row_key,
        .is_cut = s->op.change.op.is_cut};
    return page_send(c, &s->page, &rows, reply_list);
}

const struct flow list_components_flow = {
    .method = "/chancery.v1.ComponentService/ListComponents",
    .name = "list_components",
    .state = FLOW_STATE_ON(struct components, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

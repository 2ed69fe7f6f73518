/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService: PutGroup, GetGroup, ListGroups, DeleteGroup. */
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/directory/directory.h"

/* --- PutGroup ------------------------------------------------------------------------------------ */

static step parse_put(struct call *c)
{
    const Chancery__V1__PutGroupRequest *request = put_group_request(c);
    struct directory_flow *d = directory_of(c);
    struct directory_group *group = ARENA_NEW(call_arena(c), struct directory_group);
    d->scope.tenant_name = request->tenant;
    directory_at(c, "group", -1);
    if (group == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "group");
    }
    if (request->group == NULL) {
        return call_bad_field(c, "group", "It is required.");
    }
    d->part = (struct directory_part){.groups = group, .group_count = 1};
    return directory_read_group(c, request->group, group);
}

static step put(struct call *c)
{
    struct directory_flow *d = directory_of(c);
    if (step_failed(directory_check_group(c, d->part.groups))) {
        return STEP_FAILED;
    }
    directory_store_put(directory_begin(c), call_flow_name(c), d->part.groups->address, &d->part);
    return directory_wait(c);
}

static step reply_put(struct call *c)
{
    Chancery__V1__PutGroupResponse *r = put_group_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->group = directory_write_group(c, directory_of(c)->part.groups);
    return r->group == NULL ? STEP_FAILED : put_group_reply(c, r);
}

const struct flow put_group_flow = {
    .method = "/chancery.v1.DirectoryService/PutGroup",
    .name = "put_group",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_put), SCOPE_STEP, COMMIT("put", put), STEP("reply", reply_put)},
};

/* --- GetGroup ------------------------------------------------------------------------------------ */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetGroupRequest *request = get_group_request(c);
    scope_of(c)->tenant_name = request->tenant;
    directory_at(c, "", -1);
    return directory_read_address(c, "address", request->address, &directory_of(c)->address);
}

static step get(struct call *c)
{
    directory_store_list(directory_begin(c), DIRECTORY_GROUP, directory_of(c)->address, "", 1);
    return directory_wait(c);
}

static step reply_get(struct call *c)
{
    const struct directory_op *op = &directory_of(c)->op;
    if (op->group_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such group");
    }
    Chancery__V1__GetGroupResponse *r = get_group_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->group = directory_write_group(c, op->groups);
    return r->group == NULL ? STEP_FAILED : get_group_reply(c, r);
}

const struct flow get_group_flow = {
    .method = "/chancery.v1.DirectoryService/GetGroup",
    .name = "get_group",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("get", get), STEP("reply", reply_get)},
};

/* --- ListGroups ---------------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListGroupsRequest *request = list_groups_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return directory_read_page(c, request->page_size, request->page_token);
}

static step list(struct call *c)
{
    const struct directory_flow *d = directory_of(c);
    directory_store_list(directory_begin(c), DIRECTORY_GROUP, NULL, d->after, d->limit);
    return directory_wait(c);
}

static step reply_list(struct call *c)
{
    const struct directory_op *op = &directory_of(c)->op;
    Chancery__V1__ListGroupsResponse *r = list_groups_response(c);
    Chancery__V1__Group **groups =
        ARENA_ARRAY(call_arena(c), Chancery__V1__Group *, op->group_count + 1);
    if (r == NULL || groups == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    r->groups = groups;
    for (; r->n_groups < op->group_count; r->n_groups++) {
        groups[r->n_groups] = directory_write_group(c, &op->groups[r->n_groups]);
        if (groups[r->n_groups] == NULL) {
            return STEP_FAILED;
        }
    }
    const char *last = op->group_count == 0 ? "" : op->groups[op->group_count - 1].address;
    r->next_page_token = directory_next_page(c, op->group_count, last);
    return list_groups_reply(c, r);
}

const struct flow list_groups_flow = {
    .method = "/chancery.v1.DirectoryService/ListGroups",
    .name = "list_groups",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

/* --- DeleteGroup --------------------------------------------------------------------------------- */

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteGroupRequest *request = delete_group_request(c);
    scope_of(c)->tenant_name = request->tenant;
    directory_at(c, "", -1);
    return directory_read_address(c, "address", request->address, &directory_of(c)->address);
}

static step delete (struct call *c)
{
    directory_store_delete(directory_begin(c), DIRECTORY_GROUP, directory_of(c)->address);
    return directory_wait(c);
}

const struct flow delete_group_flow = {
    .method = "/chancery.v1.DirectoryService/DeleteGroup",
    .name = "delete_group",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_delete), SCOPE_STEP, COMMIT("delete", delete),
              STEP("reply", reply_empty)},
};

/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService: AddMembers, RemoveMembers, ListMembers. */
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/directory/directory.h"

static step parse_change(struct call *c, const char *tenant, const char *group,
                         char *const *members, size_t count)
{
    struct directory_flow *d = directory_of(c);
    struct directory_members *list = ARENA_NEW(call_arena(c), struct directory_members);
    if (list == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "members");
    }
    d->scope.tenant_name = tenant;
    d->part = (struct directory_part){.members = list, .members_count = 1};
    directory_at(c, "", -1);
    return directory_read_members(c, group, members, count, list);
}

/* --- AddMembers --------------------------------------------------------------------------------- */

static step parse_add(struct call *c)
{
    const Chancery__V1__AddMembersRequest *request = add_members_request(c);
    return parse_change(c, request->tenant, request->group, request->members, request->n_members);
}

static step add(struct call *c)
{
    struct directory_flow *d = directory_of(c);
    directory_store_put(directory_begin(c), call_flow_name(c), d->part.members->group, &d->part);
    return directory_wait(c);
}

static step reply_add(struct call *c)
{
    Chancery__V1__AddMembersResponse *r = add_members_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->changed = (int32_t)directory_of(c)->op.changed;
    return add_members_reply(c, r);
}

const struct flow add_members_flow = {
    .method = "/chancery.v1.DirectoryService/AddMembers",
    .name = "add_members",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_add), SCOPE_STEP, COMMIT("add", add), STEP("reply", reply_add)},
};

/* --- RemoveMembers ------------------------------------------------------------------------------ */

static step parse_remove(struct call *c)
{
    const Chancery__V1__RemoveMembersRequest *request = remove_members_request(c);
    return parse_change(c, request->tenant, request->group, request->members, request->n_members);
}

static step remove_them(struct call *c)
{
    directory_store_remove_members(directory_begin(c), directory_of(c)->part.members);
    return directory_wait(c);
}

static step reply_remove(struct call *c)
{
    Chancery__V1__RemoveMembersResponse *r = remove_members_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->changed = (int32_t)directory_of(c)->op.changed;
    return remove_members_reply(c, r);
}

const struct flow remove_members_flow = {
    .method = "/chancery.v1.DirectoryService/RemoveMembers",
    .name = "remove_members",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_remove), SCOPE_STEP, COMMIT("remove", remove_them),
              STEP("reply", reply_remove)},
};

/* --- ListMembers -------------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListMembersRequest *request = list_members_request(c);
    scope_of(c)->tenant_name = request->tenant;
    directory_at(c, "", -1);
    return step_failed(directory_read_page(c, request->page_size, request->page_token))
               ? STEP_FAILED
               : directory_read_address(c, "group", request->group, &directory_of(c)->address);
}

static step list(struct call *c)
{
    const struct directory_flow *d = directory_of(c);
    directory_store_list_members(directory_begin(c), d->address, d->after, d->limit);
    return directory_wait(c);
}

static step reply_list(struct call *c)
{
    const struct directory_op *op = &directory_of(c)->op;
    Chancery__V1__ListMembersResponse *r = list_members_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->members = reply_texts(c, op->addresses, op->address_count);
    if (r->members == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "members");
    }
    r->n_members = op->address_count;
    const char *last = op->address_count == 0 ? "" : op->addresses[op->address_count - 1];
    r->next_page_token = directory_next_page(c, op->address_count, last);
    return list_members_reply(c, r);
}

const struct flow list_members_flow = {
    .method = "/chancery.v1.DirectoryService/ListMembers",
    .name = "list_members",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

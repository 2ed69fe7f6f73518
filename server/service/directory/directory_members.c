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
    const Chancery__V1__AddMembersRequest *request = call_request(c);
    return parse_change(c, request->tenant, request->group, request->members, request->n_members);
}

static step add(struct call *c)
{
    struct directory_flow *d = directory_of(c);
    directory_put(directory_begin(c), call_flow_name(c), d->part.members->group, &d->part);
    return directory_wait(c);
}

static step reply_add(struct call *c)
{
    Chancery__V1__AddMembersResponse *r = reply_new(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->changed = (int32_t)directory_of(c)->op.changed;
    return call_reply(c, &r->base);
}

const struct flow add_members_flow = {
    .method = "/chancery.v1.DirectoryService/AddMembers",
    .name = "add_members",
    .state_size = sizeof(struct directory_flow),
    .steps = {{"parse", parse_add, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", scope_resolve, 0},
              {"add", add, STEP_COMMIT},
              {"reply", reply_add, 0}},
    .on_refusal = caller_refused,
};

/* --- RemoveMembers ------------------------------------------------------------------------------ */

static step parse_remove(struct call *c)
{
    const Chancery__V1__RemoveMembersRequest *request = call_request(c);
    return parse_change(c, request->tenant, request->group, request->members, request->n_members);
}

static step remove_them(struct call *c)
{
    directory_remove_members(directory_begin(c), directory_of(c)->part.members);
    return directory_wait(c);
}

static step reply_remove(struct call *c)
{
    Chancery__V1__RemoveMembersResponse *r = reply_new(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->changed = (int32_t)directory_of(c)->op.changed;
    return call_reply(c, &r->base);
}

const struct flow remove_members_flow = {
    .method = "/chancery.v1.DirectoryService/RemoveMembers",
    .name = "remove_members",
    .state_size = sizeof(struct directory_flow),
    .steps = {{"parse", parse_remove, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", scope_resolve, 0},
              {"remove", remove_them, STEP_COMMIT},
              {"reply", reply_remove, 0}},
    .on_refusal = caller_refused,
};

/* --- ListMembers -------------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListMembersRequest *request = call_request(c);
    scope_of(c)->tenant_name = request->tenant;
    directory_at(c, "", -1);
    return step_failed(directory_read_page(c, request->page_size, request->page_token))
               ? STEP_FAILED
               : directory_read_address(c, "group", request->group, &directory_of(c)->address);
}

static step list(struct call *c)
{
    const struct directory_flow *d = directory_of(c);
    directory_list_members(directory_begin(c), d->address, d->after, d->limit);
    return directory_wait(c);
}

static step reply_list(struct call *c)
{
    const struct directory_op *op = &directory_of(c)->op;
    Chancery__V1__ListMembersResponse *r = reply_new(c);
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
    return call_reply(c, &r->base);
}

const struct flow list_members_flow = {
    .method = "/chancery.v1.DirectoryService/ListMembers",
    .name = "list_members",
    .state_size = sizeof(struct directory_flow),
    .steps = {{"parse", parse_list, 0},
              {"authenticate", caller_authenticate_fresh, 0},
              {"scope", scope_resolve, 0},
              {"list", list, 0},
              {"reply", reply_list, 0}},
    .on_refusal = caller_refused,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService: PutGroup, GetGroup, ListGroups, DeleteGroup. */
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/directory/directory_entries.h"
#include "service/directory/directory_message.h"

static const struct directory_place PLACE = {"group", -1};

/* --- PutGroup --------------------------------------------------------------------------------- */

static step parse_put(struct call *c)
{
    const Chancery__V1__PutGroupRequest *request = put_group_request(c);
    struct directory_entries *d = directory_entries_of(c);
    struct directory_group *group = ARENA_NEW(call_arena(c), struct directory_group);
    d->scope.tenant_name = request->tenant;
    if (group == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "group");
    }
    if (request->group == NULL) {
        return call_bad_field(c, "group", "It is required.");
    }
    d->part = (struct directory_part){.groups = group, .group_count = 1};
    return step_failed(directory_message_read_group(c, PLACE, request->group, group))
               ? STEP_FAILED
               : request_address(c, "previous_address", request->previous_address,
                                 &d->part.previous);
}

static step check(struct call *c)
{
    const struct directory_entries *d = directory_entries_of(c);
    return directory_message_check_group(c, PLACE, &d->scope.tenant->view, d->part.groups);
}

static step put(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    directory_store_put(directory_entries_begin(c), call_flow_name(c), d->part.groups->address,
                        &d->part);
    return directory_entries_wait(c);
}

static step reply_put(struct call *c)
{
    return reply_message(c, directory_message_write_group(c, directory_entries_of(c)->part.groups));
}

const struct flow put_group_flow = {
    .method = "/chancery.v1.DirectoryService/PutGroup",
    .name = "put_group",
    .state = FLOW_STATE_ON(struct directory_entries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_put), SCOPE_STEP, STEP("check", check), COMMIT("put", put),
              STEP("reply", reply_put)},
};

/* --- GetGroup --------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetGroupRequest *request = get_group_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return directory_message_read_address(c, DIRECTORY_REQUEST, "address", request->address,
                                          &directory_entries_of(c)->address);
}

static step get(struct call *c)
{
    directory_store_list(directory_entries_begin(c), DIRECTORY_GROUP,
                         directory_entries_of(c)->address, "", 1);
    return directory_entries_wait(c);
}

static step reply_get(struct call *c)
{
    const struct directory_op *op = &directory_entries_of(c)->op;
    return op->group_count == 0 ? call_fail(c, R_NOT_FOUND, "no such group")
                                : reply_message(c, directory_message_write_group(c, op->groups));
}

const struct flow get_group_flow = {
    .method = "/chancery.v1.DirectoryService/GetGroup",
    .name = "get_group",
    .state = FLOW_STATE_ON(struct directory_entries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("get", get), STEP("reply", reply_get)},
};

/* --- ListGroups ------------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListGroupsRequest *request = list_groups_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return directory_entries_read_page(c);
}

static step list(struct call *c)
{
    const struct directory_entries *d = directory_entries_of(c);
    directory_store_list(directory_entries_begin(c), DIRECTORY_GROUP, NULL, d->after,
                         page_limit(&d->page));
    return directory_entries_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return directory_message_write_group(c, &directory_entries_of(c)->op.groups[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_str(directory_entries_of(c)->op.groups[row].address);
}

static step reply_list(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__group__descriptor,
                                            .count = d->op.group_count,
                                            .write = write_row},
                                   .key = row_key};
    return page_send(c, &d->page, &rows, reply_list);
}

const struct flow list_groups_flow = {
    .method = "/chancery.v1.DirectoryService/ListGroups",
    .name = "list_groups",
    .state = FLOW_STATE_ON(struct directory_entries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

/* --- DeleteGroup ------------------------------------------------------------------------------ */

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteGroupRequest *request = delete_group_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return directory_message_read_address(c, DIRECTORY_REQUEST, "address", request->address,
                                          &directory_entries_of(c)->address);
}

static step delete (struct call *c)
{
    directory_store_delete(directory_entries_begin(c), DIRECTORY_GROUP,
                           directory_entries_of(c)->address);
    return directory_entries_wait(c);
}

const struct flow delete_group_flow = {
    .method = "/chancery.v1.DirectoryService/DeleteGroup",
    .name = "delete_group",
    .state = FLOW_STATE_ON(struct directory_entries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_delete), SCOPE_STEP, COMMIT("delete", delete),
              STEP("reply", reply_empty)},
};

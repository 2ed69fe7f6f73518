/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService: GetGroup, ListGroups, DeleteGroup. */
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/directory/directory_entries.h"
#include "service/directory/directory_message.h"

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
                                   .key = row_key,
                                   .is_cut = d->op.op.is_cut};
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
    directory_store_delete(directory_entries_change(c), DIRECTORY_GROUP,
                           directory_entries_of(c)->address);
    return directory_entries_settle(c);
}

const struct flow delete_group_flow = {
    .method = "/chancery.v1.DirectoryService/DeleteGroup",
    .name = "delete_group",
    .state = FLOW_STATE_ON(struct directory_entries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_delete), SCOPE_STEP, COMMIT("delete", delete),
              STEP("reply", reply_empty)},
};

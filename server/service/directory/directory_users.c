/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService: GetUser, ListUsers. */
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/directory/directory_entries.h"
#include "service/directory/directory_message.h"

/* --- GetUser ---------------------------------------------------------------------------------- */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetUserRequest *request = get_user_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return directory_message_read_address(c, DIRECTORY_REQUEST, "address", request->address,
                                          &directory_entries_of(c)->address);
}

static step get(struct call *c)
{
    directory_store_list(directory_entries_begin(c), DIRECTORY_USER,
                         directory_entries_of(c)->address, "", 1);
    return directory_entries_wait(c);
}

static step reply_get(struct call *c)
{
    const struct directory_op *op = &directory_entries_of(c)->op;
    return op->user_count == 0 ? call_fail(c, R_NOT_FOUND, "no such user")
                               : reply_message(c, directory_message_write_user(c, op->users));
}

const struct flow get_user_flow = {
    .method = "/chancery.v1.DirectoryService/GetUser",
    .name = "get_user",
    .state = FLOW_STATE_ON(struct directory_entries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("get", get), STEP("reply", reply_get)},
};

/* --- ListUsers -------------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListUsersRequest *request = list_users_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return directory_entries_read_page(c);
}

static step list(struct call *c)
{
    const struct directory_entries *d = directory_entries_of(c);
    directory_store_list(directory_entries_begin(c), DIRECTORY_USER, NULL, d->after,
                         page_limit(&d->page));
    return directory_entries_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return directory_message_write_user(c, &directory_entries_of(c)->op.users[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_str(directory_entries_of(c)->op.users[row].address);
}

static step reply_list(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    const struct page_rows rows = {.list = {.type = &chancery__v1__user__descriptor,
                                            .count = d->op.user_count,
                                            .write = write_row},
                                   .key = row_key,
                                   .is_cut = d->op.op.is_cut};
    return page_send(c, &d->page, &rows, reply_list);
}

const struct flow list_users_flow = {
    .method = "/chancery.v1.DirectoryService/ListUsers",
    .name = "list_users",
    .state = FLOW_STATE_ON(struct directory_entries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

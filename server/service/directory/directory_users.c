/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService: PutUser, GetUser, ListUsers, DeleteUser. */
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/directory/directory.h"

/* --- PutUser ------------------------------------------------------------------------------------ */

static step parse_put(struct call *c)
{
    const Chancery__V1__PutUserRequest *request = put_user_request(c);
    struct directory_flow *d = directory_of(c);
    struct directory_user *user = ARENA_NEW(call_arena(c), struct directory_user);
    d->scope.tenant_name = request->tenant;
    directory_at(c, "user", -1);
    if (user == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "user");
    }
    if (request->user == NULL) {
        return call_bad_field(c, "user", "It is required.");
    }
    d->part = (struct directory_part){.users = user, .user_count = 1};
    return step_failed(directory_read_user(c, request->user, user))
               ? STEP_FAILED
               : request_address(c, "previous_address", request->previous_address,
                                 &d->part.previous);
}

static step put(struct call *c)
{
    struct directory_flow *d = directory_of(c);
    if (step_failed(directory_check_user(c, d->part.users))) {
        return STEP_FAILED;
    }
    directory_store_put(directory_begin(c), call_flow_name(c), d->part.users->address, &d->part);
    return directory_wait(c);
}

static step reply_put(struct call *c)
{
    Chancery__V1__PutUserResponse *r = put_user_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->user = directory_write_user(c, directory_of(c)->part.users);
    return r->user == NULL ? STEP_FAILED : put_user_reply(c, r);
}

const struct flow put_user_flow = {
    .method = "/chancery.v1.DirectoryService/PutUser",
    .name = "put_user",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_put), SCOPE_STEP, COMMIT("put", put), STEP("reply", reply_put)},
};

/* --- GetUser ------------------------------------------------------------------------------------ */

static step parse_get(struct call *c)
{
    const Chancery__V1__GetUserRequest *request = get_user_request(c);
    scope_of(c)->tenant_name = request->tenant;
    directory_at(c, "", -1);
    return directory_read_address(c, "address", request->address, &directory_of(c)->address);
}

static step get(struct call *c)
{
    directory_store_list(directory_begin(c), DIRECTORY_USER, directory_of(c)->address, "", 1);
    return directory_wait(c);
}

static step reply_get(struct call *c)
{
    const struct directory_op *op = &directory_of(c)->op;
    if (op->user_count == 0) {
        return call_fail(c, R_NOT_FOUND, "no such user");
    }
    Chancery__V1__GetUserResponse *r = get_user_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->user = directory_write_user(c, op->users);
    return r->user == NULL ? STEP_FAILED : get_user_reply(c, r);
}

const struct flow get_user_flow = {
    .method = "/chancery.v1.DirectoryService/GetUser",
    .name = "get_user",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_get), SCOPE_STEP, STEP("get", get), STEP("reply", reply_get)},
};

/* --- ListUsers ---------------------------------------------------------------------------------- */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListUsersRequest *request = list_users_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return directory_read_page(c, request->page_size, request->page_token);
}

static step list(struct call *c)
{
    const struct directory_flow *d = directory_of(c);
    directory_store_list(directory_begin(c), DIRECTORY_USER, NULL, d->after, d->limit);
    return directory_wait(c);
}

static step reply_list(struct call *c)
{
    const struct directory_op *op = &directory_of(c)->op;
    Chancery__V1__ListUsersResponse *r = list_users_response(c);
    Chancery__V1__User **users =
        ARENA_ARRAY(call_arena(c), Chancery__V1__User *, op->user_count + 1);
    if (r == NULL || users == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "reply");
    }
    r->users = users;
    for (; r->n_users < op->user_count; r->n_users++) {
        users[r->n_users] = directory_write_user(c, &op->users[r->n_users]);
        if (users[r->n_users] == NULL) {
            return STEP_FAILED;
        }
    }
    const char *last = op->user_count == 0 ? "" : op->users[op->user_count - 1].address;
    r->next_page_token = directory_next_page(c, op->user_count, last);
    return list_users_reply(c, r);
}

const struct flow list_users_flow = {
    .method = "/chancery.v1.DirectoryService/ListUsers",
    .name = "list_users",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

/* --- DeleteUser --------------------------------------------------------------------------------- */

static step parse_delete(struct call *c)
{
    const Chancery__V1__DeleteUserRequest *request = delete_user_request(c);
    scope_of(c)->tenant_name = request->tenant;
    directory_at(c, "", -1);
    return directory_read_address(c, "address", request->address, &directory_of(c)->address);
}

static step delete (struct call *c)
{
    directory_store_delete(directory_begin(c), DIRECTORY_USER, directory_of(c)->address);
    return directory_wait(c);
}

const struct flow delete_user_flow = {
    .method = "/chancery.v1.DirectoryService/DeleteUser",
    .name = "delete_user",
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_delete), SCOPE_STEP, COMMIT("delete", delete),
              STEP("reply", reply_empty)},
};

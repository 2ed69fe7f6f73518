/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService.DeleteUser. What the directory alone says of somebody is gone with the entry:
 * that they are a guest, or that who is excluded by one address is who comes by another. Where
 * somebody is let in by that, it waits for a second admin where the tenant requires one. */
#include "chancery/v1/directory.pb-c.h"
#include "service/common/flows.h"
#include "service/directory/directory_change.h"
#include "service/directory/directory_message.h"

static step parse(struct call *c)
{
    const Chancery__V1__DeleteUserRequest *request = delete_user_request(c);
    approvable_of(c)->act = &delete_user_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step check(struct call *c)
{
    const Chancery__V1__DeleteUserRequest *request = approvable_of(c)->request;
    struct directory_change *change = directory_change_of(c);
    change->kind = DIRECTORY_USER;
    return step_failed(directory_message_read_address(c, DIRECTORY_REQUEST, "address",
                                                      request->address, &change->address))
               ? STEP_FAILED
               : directory_change_checked(c);
}

/* It waits for nothing else. */
static const char *summary(struct call *c)
{
    return arena_printf(
        call_arena(c),
        "Remove user %s, whom the directory keeps out: excluded by another address, "
        "or a guest who would have super-user power",
        directory_change_of(c)->address);
}

static void changes(struct call *c, struct approval_changes *out)
{
    const struct directory_change *change = directory_change_of(c);
    directory_change_add_user(out, change->found.user_count == 0 ? NULL : change->found.users,
                              NULL);
}

static void perform(struct change_op *op, const void *value)
{
    const struct directory_change *change = value;
    directory_change_begin(op, change);
    directory_store_delete(op, DIRECTORY_USER, change->address);
}

const struct approvable_act delete_user_act = {
    .name = "delete_user",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__delete_user_request__descriptor,
    .value_size = sizeof(struct directory_change),
    .check = check,
    .effect = directory_change_effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .look = directory_change_look,
    .explain = directory_change_explain,
};

static step reply(struct call *c)
{
    return approvable_reply(c, NULL);
}

const struct flow delete_user_flow = {
    .method = "/chancery.v1.DirectoryService/DeleteUser",
    .name = "delete_user",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("delete"),
              STEP("reply", reply)},
};

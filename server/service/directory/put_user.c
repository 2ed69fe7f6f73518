/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService.PutUser. An address that joins a person lets them in where it was let in, and
 * nobody knows whose else it is: so that waits for a second admin where the tenant requires one. */
#include "chancery/v1/directory.pb-c.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/directory/directory_change.h"
#include "service/directory/directory_message.h"

static const struct directory_place PLACE = {"user", -1};

static step parse(struct call *c)
{
    const Chancery__V1__PutUserRequest *request = put_user_request(c);
    approvable_of(c)->act = &put_user_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step check(struct call *c)
{
    const Chancery__V1__PutUserRequest *request = approvable_of(c)->request;
    struct directory_change *change = directory_change_of(c);
    if (request->user == NULL) {
        return call_bad_field(c, "user", "It is required.");
    }
    change->part = (struct directory_part){.users = &change->user, .user_count = 1};
    step all = directory_message_read_user(c, PLACE, request->user, &change->user);
    all = step_and(all, request_address(c, "previous_address", request->previous_address,
                                        &change->part.previous));
    if (step_failed(all) ||
        step_failed(
            directory_message_check_user(c, PLACE, &scope_of(c)->tenant->view, &change->user))) {
        return STEP_FAILED;
    }
    change->kind = DIRECTORY_USER;
    change->address =
        change->part.previous[0] == '\0' ? change->user.address : change->part.previous;
    return directory_change_checked(c);
}

static const char *summary(struct call *c)
{
    const struct directory_change *change = directory_change_of(c);
    return arena_printf(call_arena(c), "Put user %s", change->user.address);
}

static void changes(struct call *c, struct approval_changes *out)
{
    const struct directory_change *change = directory_change_of(c);
    directory_change_add_user(out, change->found.user_count == 0 ? NULL : change->found.users,
                              &change->user);
    directory_change_add_let_in(change, out);
}

static void perform(struct change_op *op, const void *value)
{
    const struct directory_change *change = value;
    directory_change_begin(op, change);
    directory_store_put(op, "put_user", change->user.address, &change->part);
}

const struct approvable_act put_user_act = {
    .name = "put_user",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__put_user_request__descriptor,
    .value_size = sizeof(struct directory_change),
    .check = check,
    .effect = directory_change_effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .look = directory_change_look,
    .explain = directory_change_explain,
};

static void *write_user(struct call *c)
{
    return directory_message_write_user(c, &directory_change_of(c)->user);
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_user);
}

const struct flow put_user_flow = {
    .method = "/chancery.v1.DirectoryService/PutUser",
    .name = "put_user",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("put"),
              STEP("reply", reply)},
};

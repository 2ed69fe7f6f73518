/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService.PutGroup. By another address or external id a group may come to hold power, or
 * tokens may come to name one that does; and members of a group get what was sent to its addresses.
 * Where one admin could come to others' content by that, it waits for a second one. */
#include "chancery/v1/directory.pb-c.h"
#include "service/common/flows.h"
#include "service/common/request.h"
#include "service/directory/directory_change.h"
#include "service/directory/directory_message.h"

static const struct directory_place PLACE = {"group", -1};

static step parse(struct call *c)
{
    const Chancery__V1__PutGroupRequest *request = put_group_request(c);
    approvable_of(c)->act = &put_group_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

static step check(struct call *c)
{
    const Chancery__V1__PutGroupRequest *request = approvable_of(c)->request;
    struct directory_change *change = directory_change_of(c);
    if (request->group == NULL) {
        return call_bad_field(c, "group", "It is required.");
    }
    change->part = (struct directory_part){.groups = &change->group, .group_count = 1};
    step all = directory_message_read_group(c, PLACE, request->group, &change->group);
    all = step_and(all, request_address(c, "previous_address", request->previous_address,
                                        &change->part.previous));
    if (step_failed(all) ||
        step_failed(
            directory_message_check_group(c, PLACE, &scope_of(c)->tenant->view, &change->group))) {
        return STEP_FAILED;
    }
    change->kind = DIRECTORY_GROUP;
    change->address =
        change->part.previous[0] == '\0' ? change->group.address : change->part.previous;
    return directory_change_checked(c);
}

static const char *summary(struct call *c)
{
    return arena_printf(call_arena(c), "Put group %s", directory_change_of(c)->group.address);
}

static void changes(struct call *c, struct approval_changes *out)
{
    const struct directory_change *change = directory_change_of(c);
    directory_change_add_group(out, change->found.group_count == 0 ? NULL : change->found.groups,
                               &change->group);
    directory_change_add_let_in(change, out);
}

static void perform(struct change_op *op, const void *value)
{
    const struct directory_change *change = value;
    directory_change_begin(op, change);
    directory_store_put(op, "put_group", change->group.address, &change->part);
}

const struct approvable_act put_group_act = {
    .name = "put_group",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__put_group_request__descriptor,
    .value_size = sizeof(struct directory_change),
    .check = check,
    .effect = directory_change_effect,
    .summary = summary,
    .changes = changes,
    .perform = perform,
    .look = directory_change_look,
    .explain = directory_change_explain,
};

static void *write_group(struct call *c)
{
    return directory_message_write_group(c, &directory_change_of(c)->group);
}

static step reply(struct call *c)
{
    return approvable_reply(c, write_group);
}

const struct flow put_group_flow = {
    .method = "/chancery.v1.DirectoryService/PutGroup",
    .name = "put_group",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("put"),
              STEP("reply", reply)},
};

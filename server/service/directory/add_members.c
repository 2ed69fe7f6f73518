/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService.AddMembers. Members of a group that holds power hold it too: adding some waits
 * for a second admin where the tenant requires one. */
#include "chancery/v1/directory.pb-c.h"
#include "service/common/flows.h"
#include "service/directory/directory_change.h"
#include "service/directory/directory_message.h"

static step parse(struct call *c)
{
    const Chancery__V1__AddMembersRequest *request = add_members_request(c);
    approvable_of(c)->act = &add_members_act;
    approvable_of(c)->request = request;
    scope_of(c)->tenant_name = request->tenant;
    return STEP_NEXT;
}

/* --- check ------------------------------------------------------------------------------------ */

static step read_member(struct call *c, size_t index)
{
    const Chancery__V1__AddMembersRequest *request = approvable_of(c)->request;
    return directory_message_read_address(c, DIRECTORY_REQUEST, "members", request->members[index],
                                          &directory_change_of(c)->members[index]);
}

static step read_members(struct call *c)
{
    struct directory_change *change = directory_change_of(c);
    return cursor_each(c, &change->cursor, change->list.count, read_member, read_members);
}

static step check(struct call *c)
{
    const Chancery__V1__AddMembersRequest *request = approvable_of(c)->request;
    struct directory_change *change = directory_change_of(c);
    change->part = (struct directory_part){.members = &change->list, .members_count = 1};
    if (step_failed(directory_message_begin_members(c, DIRECTORY_REQUEST, request->group,
                                                    request->n_members, &change->list,
                                                    &change->members))) {
        return STEP_FAILED;
    }
    call_then(c, directory_change_checked);
    return read_members(c);
}

/* --- the act ---------------------------------------------------------------------------------- */

/* It waits for nothing else. */
static const char *summary(struct call *c)
{
    const struct directory_members *list = &directory_change_of(c)->list;
    return arena_printf(call_arena(c), "Add %zu member%s to group %s, which holds super-user power",
                        list->count, list->count == 1 ? "" : "s", list->group);
}

static void changes(struct call *c, struct approval_changes *out)
{
    directory_change_add_let_in(directory_change_of(c), out);
}

static void perform(struct change_op *op, const void *value)
{
    const struct directory_change *change = value;
    directory_change_begin(op, change);
    directory_store_put(op, "add_members", change->list.group, &change->part);
}

const struct approvable_act add_members_act = {
    .name = "add_members",
    .operation = APPROVAL_CONTENT_ACCESS,
    .request = &chancery__v1__add_members_request__descriptor,
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
    if (!ID_IS_ZERO(approvable_of(c)->asked)) {
        return approvable_reply(c, NULL);
    }
    Chancery__V1__AddMembersResponse *r = add_members_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->changed = (int32_t)directory_change_of(c)->outcome->changed;
    return add_members_reply(c, r);
}

const struct flow add_members_flow = {
    .method = "/chancery.v1.DirectoryService/AddMembers",
    .name = "add_members",
    .state = APPROVABLE_STATE,
    .steps = {STEP("parse", parse), SCOPE_STEP, APPROVABLE_CHECK, APPROVABLE_PERFORM("add"),
              STEP("reply", reply)},
};

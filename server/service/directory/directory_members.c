/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService: RemoveMembers, ListMembers. */
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/directory/directory_entries.h"
#include "service/directory/directory_message.h"

/* --- RemoveMembers ---------------------------------------------------------------------------- */

static step parse_remove(struct call *c)
{
    const Chancery__V1__RemoveMembersRequest *request = remove_members_request(c);
    struct directory_entries *d = directory_entries_of(c);
    d->scope.tenant_name = request->tenant;
    d->lists = ARENA_NEW(call_arena(c), struct directory_members);
    return d->lists == NULL
               ? call_fail(c, R_ARENA_EXHAUSTED, "members")
               : directory_message_begin_members(c, DIRECTORY_REQUEST, request->group,
                                                 request->n_members, d->lists, &d->members);
}

static step read_member(struct call *c, size_t index)
{
    return directory_message_read_address(c, DIRECTORY_REQUEST, "members",
                                          remove_members_request(c)->members[index],
                                          &directory_entries_of(c)->members[index]);
}

static step members_to_remove(struct call *c)
{
    size_t count = remove_members_request(c)->n_members;
    return cursor_each(c, &directory_entries_of(c)->cursor, count, read_member, members_to_remove);
}

static step remove_them(struct call *c)
{
    directory_store_remove_members(directory_entries_change(c), directory_entries_of(c)->lists);
    return directory_entries_settle(c);
}

static step reply_remove(struct call *c)
{
    Chancery__V1__RemoveMembersResponse *r = remove_members_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->changed = (int32_t)directory_entries_of(c)->outcome.changed;
    return remove_members_reply(c, r);
}

const struct flow remove_members_flow = {
    .method = "/chancery.v1.DirectoryService/RemoveMembers",
    .name = "remove_members",
    .state = FLOW_STATE_ON(struct directory_entries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_remove), STEP("members", members_to_remove), SCOPE_STEP,
              COMMIT("remove", remove_them), STEP("reply", reply_remove)},
};

/* --- ListMembers ------------------------------------------------------------------------------ */

static step parse_list(struct call *c)
{
    const Chancery__V1__ListMembersRequest *request = list_members_request(c);
    scope_of(c)->tenant_name = request->tenant;
    return step_failed(directory_entries_read_page(c))
               ? STEP_FAILED
               : directory_message_read_address(c, DIRECTORY_REQUEST, "group", request->group,
                                                &directory_entries_of(c)->address);
}

static step list(struct call *c)
{
    const struct directory_entries *d = directory_entries_of(c);
    directory_store_list_members(directory_entries_begin(c), d->address, d->after,
                                 page_limit(&d->page));
    return directory_entries_wait(c);
}

static void *write_row(struct call *c, size_t row)
{
    return reply_text(directory_entries_of(c)->op.addresses[row]);
}

static struct slice row_key(struct call *c, size_t row)
{
    return slice_str(directory_entries_of(c)->op.addresses[row]);
}

static step reply_list(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    const struct page_rows rows = {.list = {.count = d->op.address_count, .write = write_row},
                                   .key = row_key};
    return page_send(c, &d->page, &rows, reply_list);
}

const struct flow list_members_flow = {
    .method = "/chancery.v1.DirectoryService/ListMembers",
    .name = "list_members",
    .state = FLOW_STATE_ON(struct directory_entries, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse_list), SCOPE_STEP, STEP("list", list), STEP("reply", reply_list)},
};

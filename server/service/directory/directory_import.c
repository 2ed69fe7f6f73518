/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService.ImportDirectory: a part of a directory, in one transaction. Putting is
 * idempotent, so that an import that broke off is simply run again. */
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/common/request.h"
#include "service/directory/directory_entries.h"
#include "service/directory/directory_message.h"

typedef Chancery__V1__ImportDirectoryRequest Request;

struct directory_import {
    struct directory_entries entries; /* first */
    size_t member_count;              /* of all lists */
    size_t at_list, at_member;        /* which one is read next */
};

/* --- reading ---------------------------------------------------------------------------------- */

static step check_counts(struct call *c, const Request *request)
{
    struct directory_import *import = call_state(c);
    size_t count = request->n_users + request->n_groups;
    for (size_t i = 0; i < request->n_members; i++) {
        if (request->members[i]->n_members == 0) {
            return call_bad_field(c, arena_printf(call_arena(c), "members[%zu].members", i),
                                  "There must be at least one.");
        }
        import->member_count += request->members[i]->n_members;
    }
    if (count > DIRECTORY_PUT_MAX) {
        return call_bad_field(c, "users", "At most 10,000 users and groups in one part.");
    }
    if (import->member_count > DIRECTORY_PUT_MAX) {
        return call_bad_field(c, "members", "At most 10,000 members in one part.");
    }
    return count + request->n_members > 0 ? STEP_NEXT
                                          : call_bad_field(c, "users", "The part is empty.");
}

static step parse(struct call *c)
{
    const Request *request = import_directory_request(c);
    struct directory_entries *d = directory_entries_of(c);
    d->scope.tenant_name = request->tenant;
    if (step_failed(check_counts(c, request))) {
        return STEP_FAILED;
    }
    d->users = ARENA_ARRAY(call_arena(c), struct directory_user, request->n_users + 1);
    d->groups = ARENA_ARRAY(call_arena(c), struct directory_group, request->n_groups + 1);
    d->lists = ARENA_ARRAY(call_arena(c), struct directory_members, request->n_members + 1);
    if (d->users == NULL || d->groups == NULL || d->lists == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "part");
    }
    d->part = (struct directory_part){.users = d->users,
                                      .user_count = request->n_users,
                                      .groups = d->groups,
                                      .group_count = request->n_groups,
                                      .members = d->lists,
                                      .members_count = request->n_members};
    return request_uuid(c, "import_id", request->import_id, &d->part.import_id);
}

/* Users, then groups. */
static step read_entry(struct call *c, size_t index)
{
    const Request *request = import_directory_request(c);
    struct directory_entries *d = directory_entries_of(c);
    if (index < request->n_users) {
        return directory_message_read_user(c, (struct directory_place){"users", (long)index},
                                           request->users[index], &d->users[index]);
    }
    index -= request->n_users;
    return directory_message_read_group(c, (struct directory_place){"groups", (long)index},
                                        request->groups[index], &d->groups[index]);
}

static step entries(struct call *c)
{
    const Request *request = import_directory_request(c);
    return cursor_each(c, &directory_entries_of(c)->cursor, request->n_users + request->n_groups,
                       read_entry, entries);
}

/* The next member of the list `at_list`; the first one begins it. */
static step read_member(struct call *c, size_t index)
{
    struct directory_import *import = call_state(c);
    struct directory_entries *d = &import->entries;
    const Chancery__V1__GroupMembers *from = import_directory_request(c)->members[import->at_list];
    const struct directory_place place = {"members", (long)import->at_list};
    size_t at = import->at_member;
    (void)index;
    if (at == 0 &&
        step_failed(directory_message_begin_members(c, place, from->group, from->n_members,
                                                    &d->lists[import->at_list], &d->members))) {
        return STEP_FAILED;
    }
    import->at_member = (at + 1) % from->n_members;
    import->at_list += import->at_member == 0 ? 1 : 0;
    return directory_message_read_address(c, place, "members", from->members[at], &d->members[at]);
}

static step members(struct call *c)
{
    struct directory_import *import = call_state(c);
    return cursor_each(c, &import->entries.cursor, import->member_count, read_member, members);
}

/* --- checking and putting --------------------------------------------------------------------- */

static step check_entry(struct call *c, size_t index)
{
    const struct directory_entries *d = directory_entries_of(c);
    const struct tenant_view *tenant = &d->scope.tenant->view;
    if (index < d->part.user_count) {
        return directory_message_check_user(c, (struct directory_place){"users", (long)index},
                                            tenant, &d->users[index]);
    }
    index -= d->part.user_count;
    return directory_message_check_group(c, (struct directory_place){"groups", (long)index}, tenant,
                                         &d->groups[index]);
}

static step check(struct call *c)
{
    struct directory_entries *d = directory_entries_of(c);
    return cursor_each(c, &d->cursor, d->part.user_count + d->part.group_count, check_entry, check);
}

static step put(struct call *c)
{
    const Request *request = import_directory_request(c);
    struct directory_entries *d = directory_entries_of(c);
    directory_store_put(directory_entries_begin(c), call_flow_name(c), request->import_id,
                        &d->part);
    return directory_entries_wait(c);
}

static step reply(struct call *c)
{
    const struct directory_op *op = &directory_entries_of(c)->op;
    Chancery__V1__ImportDirectoryResponse *r = import_directory_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->users = op->import_users;
    r->groups = op->import_groups;
    r->members = op->import_members;
    return import_directory_reply(c, r);
}

const struct flow import_directory_flow = {
    .method = "/chancery.v1.DirectoryService/ImportDirectory",
    .name = "import_directory",
    .state = FLOW_STATE_ON(struct directory_import, BASE_SCOPE, struct directory_entries, entries),
    .steps = {STEP("parse", parse), STEP("entries", entries), STEP("members", members), SCOPE_STEP,
              STEP("check", check), COMMIT("put", put), STEP("reply", reply)},
};

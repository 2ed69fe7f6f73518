/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService.ImportDirectory: a part of a directory, in one transaction. Putting is
 * idempotent, so that an import that broke off is simply run again. It can't wait: what a second
 * admin must approve is refused, with its place. */
#include <string.h>

#include "context/wait.h"
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

/* --- what a second admin must approve --------------------------------------------------------- */

static bool has_text(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* The list that adds `what` to the group, or if it names the group by another address, the first
 * one that adds it to any. */
static size_t list_that_adds(const struct directory_part *part, const char *what, const char *group)
{
    size_t found = part->members_count;
    for (size_t i = 0; i < part->members_count; i++) {
        const struct directory_members *list = &part->members[i];
        if (has_text(list->members, list->count, what)) {
            if (strcmp(list->group, group) == 0) {
                return i;
            }
            found = found < part->members_count ? found : i;
        }
    }
    return found;
}

static bool has_name(const char *address, const struct directory_aliases *aliases, const char *name)
{
    return strcmp(address, name) == 0 || has_text(aliases->items, aliases->count, name);
}

/* Where in the request that stands by which one admin could come to others' content; NULL over
 * budget. */
static const char *place_of(struct call *c, const struct directory_part *part,
                            const struct directory_outcome *outcome)
{
    const char *what = outcome->what, *holder = outcome->holder;
    size_t list = list_that_adds(part, what, holder);
    for (size_t i = 0; i < part->user_count; i++) {
        if (strcmp(part->users[i].address, holder) == 0) {
            return arena_printf(call_arena(c), "users[%zu]", i);
        }
    }
    for (size_t i = 0; i < part->group_count; i++) {
        const struct directory_group *group = &part->groups[i];
        if (strcmp(group->address, holder) == 0 &&
            has_name(group->address, &group->aliases, what)) {
            return arena_printf(call_arena(c), "groups[%zu]", i);
        }
    }
    if (list < part->members_count) {
        return arena_printf(call_arena(c), "members[%zu]", list);
    }
    for (size_t i = 0; i < part->user_count; i++) { /* whose membership counts from now on */
        if (has_name(part->users[i].address, &part->users[i].aliases, what)) {
            return arena_printf(call_arena(c), "users[%zu]", i);
        }
    }
    return "users";
}

static step put_done(struct call *c)
{
    const struct directory_entries *d = directory_entries_of(c);
    const struct err *err = &scope_of(c)->op.op.err;
    if (err->reason == R_APPROVAL_REQUIRED) {
        const char *place = place_of(c, &d->part, &d->outcome);
        call_note_bad_field(c, place == NULL ? "users" : place,
                            "It lets somebody in, and the import can't wait for a second admin: "
                            "do it by PutUser, PutGroup or AddMembers.");
    }
    directory_explain(c, &d->outcome, err->reason);
    return wait_over(c, err);
}

static step put(struct call *c)
{
    const Request *request = import_directory_request(c);
    struct change_op *op = directory_entries_change(c);
    directory_store_import(op, request->import_id, &directory_entries_of(c)->part);
    return wait_store(c, put_done, &op->op);
}

static step reply(struct call *c)
{
    const struct directory_outcome *outcome = &directory_entries_of(c)->outcome;
    Chancery__V1__ImportDirectoryResponse *r = import_directory_response(c);
    if (r == NULL) {
        return STEP_FAILED;
    }
    r->users = outcome->import_users;
    r->groups = outcome->import_groups;
    r->members = outcome->import_members;
    return import_directory_reply(c, r);
}

const struct flow import_directory_flow = {
    .method = "/chancery.v1.DirectoryService/ImportDirectory",
    .name = "import_directory",
    .state = FLOW_STATE_ON(struct directory_import, BASE_SCOPE, struct directory_entries, entries),
    .steps = {STEP("parse", parse), STEP("entries", entries), STEP("members", members), SCOPE_STEP,
              STEP("check", check), COMMIT("put", put), STEP("reply", reply)},
};

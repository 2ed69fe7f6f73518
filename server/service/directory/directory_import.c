/* SPDX-License-Identifier: Apache-2.0 */
/* DirectoryService.ImportDirectory: a part of a directory, in one transaction. Putting is idempotent, so that an import that broke
 * off is simply run again. */
#include "service/common/flows.h"
#include "service/common/reply.h"
#include "service/directory/directory.h"

typedef Chancery__V1__ImportDirectoryRequest Request;

/* --- parse -------------------------------------------------------------------------------------- */

static step parse_users(struct call *c, const Request *request)
{
    struct directory_user *users =
        ARENA_ARRAY(call_arena(c), struct directory_user, request->n_users + 1);
    if (users == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "users");
    }
    for (size_t i = 0; i < request->n_users; i++) {
        directory_at(c, "users", (long)i);
        if (step_failed(directory_read_user(c, request->users[i], &users[i]))) {
            return STEP_FAILED;
        }
    }
    directory_of(c)->part.users = users;
    directory_of(c)->part.user_count = request->n_users;
    return STEP_NEXT;
}

static step parse_groups(struct call *c, const Request *request)
{
    struct directory_group *groups =
        ARENA_ARRAY(call_arena(c), struct directory_group, request->n_groups + 1);
    if (groups == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "groups");
    }
    for (size_t i = 0; i < request->n_groups; i++) {
        directory_at(c, "groups", (long)i);
        if (step_failed(directory_read_group(c, request->groups[i], &groups[i]))) {
            return STEP_FAILED;
        }
    }
    directory_of(c)->part.groups = groups;
    directory_of(c)->part.group_count = request->n_groups;
    return STEP_NEXT;
}

static step parse_members(struct call *c, const Request *request)
{
    size_t total = 0;
    struct directory_members *lists =
        ARENA_ARRAY(call_arena(c), struct directory_members, request->n_members + 1);
    if (lists == NULL) {
        return call_fail(c, R_ARENA_EXHAUSTED, "members");
    }
    for (size_t i = 0; i < request->n_members; i++) {
        const Chancery__V1__GroupMembers *m = request->members[i];
        total += m->n_members;
        directory_at(c, "members", (long)i);
        if (step_failed(directory_read_members(c, m->group, m->members, m->n_members, &lists[i]))) {
            return STEP_FAILED;
        }
    }
    directory_of(c)->part.members = lists;
    directory_of(c)->part.members_count = request->n_members;
    return total <= DIRECTORY_PUT_MAX
               ? STEP_NEXT
               : call_bad_field(c, "members", "At most 10,000 members in one part.");
}

static step parse(struct call *c)
{
    const Request *request = import_directory_request(c);
    struct directory_flow *d = directory_of(c);
    size_t count = request->n_users + request->n_groups;
    d->scope.tenant_name = request->tenant;
    if (count > DIRECTORY_PUT_MAX) {
        return call_bad_field(c, "users", "At most 10,000 users and groups in one part.");
    }
    if (count + request->n_members == 0) {
        return call_bad_field(c, "users", "The part is empty.");
    }
    if (step_failed(parse_users(c, request)) || step_failed(parse_groups(c, request)) ||
        step_failed(parse_members(c, request))) {
        return STEP_FAILED;
    }
    return request_uuid(c, "import_id", request->import_id, &d->part.import_id);
}

/* --- put ---------------------------------------------------------------------------------------- */

static step check(struct call *c)
{
    const struct directory_part *part = &directory_of(c)->part;
    for (size_t i = 0; i < part->user_count; i++) {
        directory_at(c, "users", (long)i);
        if (step_failed(directory_check_user(c, &part->users[i]))) {
            return STEP_FAILED;
        }
    }
    for (size_t i = 0; i < part->group_count; i++) {
        directory_at(c, "groups", (long)i);
        if (step_failed(directory_check_group(c, &part->groups[i]))) {
            return STEP_FAILED;
        }
    }
    return STEP_NEXT;
}

static step put(struct call *c)
{
    const Request *request = import_directory_request(c);
    struct directory_flow *d = directory_of(c);
    directory_store_put(directory_begin(c), call_flow_name(c), request->import_id, &d->part);
    return directory_wait(c);
}

static step reply(struct call *c)
{
    const struct directory_op *op = &directory_of(c)->op;
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
    .state = FLOW_STATE_ON(struct directory_flow, BASE_SCOPE, struct scope, scope),
    .steps = {STEP("parse", parse), SCOPE_STEP, STEP("check", check), COMMIT("put", put),
              STEP("reply", reply)},
};
